//! The adapter of the domain's port [`PushTarget`].

use std::sync::Arc;

use async_trait::async_trait;
use domain::id::AppId;
use domain::ports::{Clock, PushFailure, PushTarget};
use domain::push::DuePush;
use domain::time::Duration;
use reqwest::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use reqwest::redirect::Policy;

use super::rules::{Rule, Rules};
use crate::settings::App;

/// The longest answer that is passed on, bytes. WeChat's have some hundreds.
const MAX_ANSWER: usize = 65_536;

/// Posts messages to the URLs of the settings. Redirects are not followed: where a message goes is
/// the operator's word alone.
pub(crate) struct HttpPushTarget {
    rules: Rules,
    /// `None` without rules: then an image without CA certificates, where no client can be made,
    /// serves all the same.
    http: Option<reqwest::Client>,
    clock: Arc<dyn Clock>,
}

impl HttpPushTarget {
    pub(crate) fn new(apps: &[App], clock: Arc<dyn Clock>) -> reqwest::Result<Self> {
        let rules = Rules::of(apps);
        // The targets are services of the team's own, so no proxy of the way out is asked.
        let http = || {
            let client = reqwest::Client::builder().redirect(Policy::none());
            client.no_proxy().build()
        };
        Ok(Self {
            http: (!rules.is_empty()).then(http).transpose()?,
            rules,
            clock,
        })
    }

    pub(crate) fn has_rules(&self) -> bool {
        !self.rules.is_empty()
    }

    async fn post(&self, rule: &Rule, message: &DuePush) -> Result<Vec<u8>, PushFailure> {
        let http = self.http.as_ref().ok_or_else(no_rule)?;
        let id = message.id.to_string();
        let timestamp = self.clock.now().as_second();
        let kind = match message.body.trim_ascii_start() {
            [b'<', ..] => "text/xml; charset=utf-8",
            _ => "application/json",
        };
        let mut answer = http
            .post(rule.url.clone())
            .header(CONTENT_TYPE, kind)
            .header("webhook-id", &id)
            .header("webhook-timestamp", timestamp)
            .header(
                "webhook-signature",
                rule.secret.sign(&id, timestamp, &message.body),
            )
            .header(
                HeaderName::from_static("x-wx-app-id"),
                header(message.app.as_str()),
            )
            .header(
                HeaderName::from_static("x-wx-event"),
                header(&message.event),
            )
            .body(message.body.clone())
            .send()
            .await
            .map_err(|error| failure(&error))?;
        if !answer.status().is_success() {
            let status = answer.status().as_u16();
            return Err(PushFailure(format!("HTTP status {status} instead of 2xx")));
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| failure(&error))? {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_ANSWER {
                // It has the message, so it is not sent again.
                let (app, event) = (message.app.as_str(), &message.event);
                tracing::warn!(
                    app,
                    event,
                    "the target's answer is longer than 64 KiB: WeChat gets a success instead"
                );
                return Ok(Vec::new());
            }
        }
        Ok(body)
    }
}

#[async_trait]
impl PushTarget for HttpPushTarget {
    fn wants(&self, app: &AppId, event: &str) -> bool {
        self.rules.find(app, event).is_some()
    }

    async fn send(&self, message: &DuePush, within: Duration) -> Result<Vec<u8>, PushFailure> {
        let rule = self
            .rules
            .find(&message.app, &message.event)
            .ok_or_else(no_rule)?;
        match tokio::time::timeout(within, self.post(rule, message)).await {
            Ok(posted) => posted,
            Err(_too_late) => Err(PushFailure(format!(
                "no answer within {} ms",
                within.as_millis()
            ))),
        }
    }
}

fn no_rule() -> PushFailure {
    PushFailure(String::from("no rule of push_relay names the event"))
}

/// The words say what kind of failure it is, and not the URL.
fn failure(error: &reqwest::Error) -> PushFailure {
    let words = if error.is_connect() {
        "no connection to the target"
    } else if error.is_timeout() {
        "no answer in time"
    } else {
        "the connection broke before the whole answer was there"
    };
    PushFailure(words.to_owned())
}

/// What cannot stand in a header becomes `_`.
fn header(text: &str) -> HeaderValue {
    let visible = |c: char| if c.is_ascii_graphic() { c } else { '_' };
    let text: String = text.chars().map(visible).collect();
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static("_"))
}
