//! The adapter of the domain's port [`PushTarget`], and the rules that name the target of a message.

use std::sync::Arc;

use async_trait::async_trait;
use domain::id::AppId;
use domain::ports::{Clock, PushFailure, PushTarget};
use domain::push::DuePush;
use domain::time::Duration;
use reqwest::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use url::Url;

use super::webhook::WebhookSecret;
use crate::settings::App;

/// The longest answer that is passed on, bytes. WeChat's have some hundreds.
const MAX_ANSWER: usize = 65_536;

/// Posts messages to the URLs of the settings.
pub(crate) struct HttpPushTarget {
    /// Those of all apps, in the order of the settings.
    rules: Vec<Rule>,
    /// `None` without rules: then an image without CA certificates, where no client can be made,
    /// serves all the same.
    http: Option<reqwest::Client>,
    clock: Arc<dyn Clock>,
}

/// One of `apps[].push_relay`.
struct Rule {
    app: AppId,
    events: Vec<String>,
    url: Url,
    secret: WebhookSecret,
}

impl HttpPushTarget {
    pub(crate) fn new(apps: &[App], clock: Arc<dyn Clock>) -> reqwest::Result<Self> {
        let rules: Vec<_> = apps.iter().flat_map(rules_of).collect();
        let http = || target_client().build();
        Ok(Self {
            http: (!rules.is_empty()).then(http).transpose()?,
            rules,
            clock,
        })
    }

    pub(crate) fn has_rules(&self) -> bool {
        !self.rules.is_empty()
    }

    fn rule(&self, app: &AppId, event: &str) -> Option<&Rule> {
        let mut of_app = self.rules.iter().filter(|rule| rule.app == *app);
        of_app.find(|rule| rule.events.iter().any(|pattern| is_match(pattern, event)))
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
        self.rule(app, event).is_some()
    }

    async fn send(&self, message: &DuePush, within: Duration) -> Result<Vec<u8>, PushFailure> {
        let rule = self.rule(&message.app, &message.event);
        let rule = rule.ok_or_else(no_rule)?;
        match tokio::time::timeout(within, self.post(rule, message)).await {
            Ok(posted) => posted,
            Err(_too_late) => Err(PushFailure(format!(
                "no answer within {} ms",
                within.as_millis()
            ))),
        }
    }
}

/// A client for the targets. Redirects are not followed: where a message goes is the operator's word
/// alone. The targets are services of the team's own, so no proxy of the way out is asked.
pub(crate) fn target_client() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        // `object_store` turns HTTP/2 on in reqwest.
        .http1_only()
}

fn rules_of(app: &App) -> impl Iterator<Item = Rule> {
    app.push_relay.iter().filter_map(|rule| {
        Some(Rule {
            app: AppId::new(app.app_id.as_str()),
            events: rule.events.clone(),
            url: rule.url.0.clone(),
            // The settings have been checked.
            secret: WebhookSecret::parse(rule.secret.expose())?,
        })
    })
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

/// A pattern is a name, or the beginning of one with `*` after it. WeChat spells its events in
/// several cases, so they are compared without.
fn is_match(pattern: &str, event: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(beginning) => event
            .get(..beginning.len())
            .is_some_and(|begins| begins.eq_ignore_ascii_case(beginning)),
        None => event.eq_ignore_ascii_case(pattern),
    }
}

#[cfg(test)]
mod tests {
    use super::is_match;

    #[test]
    fn a_star_at_the_end_stands_for_any_end() {
        for (pattern, event) in [
            ("*", "xpay_goods_deliver_notify"),
            ("*", ""),
            ("xpay_*", "xpay_refund_notify"),
            ("xpay_*", "xpay_"),
            ("msg:*", "msg:text"),
            ("msg:text", "msg:text"),
            ("Subscribe_Msg_Popup_Event", "subscribe_msg_popup_event"),
        ] {
            assert!(is_match(pattern, event), "{pattern} {event}");
        }
        for (pattern, event) in [
            ("xpay_*", "xpay"),
            ("xpay", "xpay_refund_notify"),
            ("msg:text", "msg:image"),
            ("é*", "e"),
        ] {
            assert!(!is_match(pattern, event), "{pattern} {event}");
        }
    }
}
