//! Passing a message on, and what WeChat gets for it.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::header::ContentType;
use actix_web::web::Bytes;
use aws_lc_rs::digest::{Context, SHA256};
use domain::id::AppId;
use domain::push::{NewPush, PushRelay, Relayed, Sent};

use uuid::Uuid;

use super::event;
use super::fields::{Fields, Format};
use super::inbox::{Inbox, Message};
use crate::http::replies::{ApiError, ErrorCode};
use crate::metrics::Metrics;
use crate::startup::Background;

/// The longest name of an event that is kept, characters. WeChat's have up to 40.
const MAX_EVENT: usize = 100;

/// What tells WeChat's repeats of one event, where there is no MsgId. The numbers of orders and complaints
/// are among it: the sender of payment events is one account of WeChat's for all users, so in a second
/// there may be several that differ in nothing else. `RetryTimes` is not among it, because it counts the
/// repeats.
const REPEATED: [&str; 15] = [
    "fromusername",
    "createtime",
    "msgtype",
    "event",
    "openid",
    "revokeinfo",
    "outtradeno",
    "orderid",
    "mchorderid",
    "mchrefundid",
    "wxrefundid",
    "wxorderid",
    "complaintid",
    "pay_order_id",
    "channel_bill",
];

/// The events of small games' payments, whose order number is in a text within the message.
const SMALL_GAMES: &str = "minigame_";

pub(crate) struct Relay {
    pub(crate) use_case: Arc<PushRelay>,
    pub(crate) background: Background,
    pub(crate) metrics: Arc<Metrics>,
}

impl Relay {
    /// Passes the message on if a rule names it. `None` if none does.
    pub(super) async fn pass_on(
        &self,
        inbox: &Inbox,
        message: &Message,
    ) -> Result<Option<HttpResponse>, ApiError> {
        let new = NewPush {
            id: self.use_case.clock.new_id(),
            app: inbox.app.clone(),
            event: name(&message.fields),
            user: event::user(&message.fields),
            repeat_key: repeat_key(message),
            body: message.text.to_vec(),
        };
        if !self.use_case.target.wants(&new.app, &new.event) {
            return Ok(None);
        }
        let is_payment = event::is_of_a_payment(&message.fields);
        let relayed = self.relayed(new).await?;
        let answer = match relayed {
            Relayed::Answer(answer) => Bytes::from(answer),
            Relayed::Success => Bytes::from_static(success(is_payment, message.format)),
        };
        self.answer(inbox, message, answer).map(Some)
    }

    /// WeChat hangs up after five seconds; the message must be delivered or noted all the same, so
    /// this is a task of its own.
    async fn relayed(&self, new: NewPush) -> Result<Relayed, ApiError> {
        let (relay, metrics) = (self.use_case.clone(), self.metrics.clone());
        let task = async move {
            let (id, event) = (new.id, new.event.clone());
            let (relayed, sent) = relay.relay(&new).await?;
            match sent {
                Some(Sent::Failed(reason)) => {
                    metrics.push_failures.inc();
                    tracing::warn!(%id, event, reason, "a pushed message waits for its target");
                }
                Some(Sent::Delivered) => {
                    tracing::info!(%id, event, "a pushed message was passed on");
                }
                None => tracing::info!(event, "WeChat repeated a message that is known"),
            }
            Ok(relayed)
        };
        self.background.run(task).await.map_err(|panic| {
            tracing::error!(%panic, "passing a message on panicked");
            ApiError::new(ErrorCode::Internal)
        })?
    }

    /// Sealed if the message was.
    fn answer(
        &self,
        inbox: &Inbox,
        message: &Message,
        answer: Bytes,
    ) -> Result<HttpResponse, ApiError> {
        let text = match &message.sealed_with {
            Some(nonce) => Bytes::from(inbox.seal(
                &answer,
                message.format,
                nonce,
                self.use_case.clock.now(),
            )?),
            None => answer,
        };
        let kind = match text.trim_ascii_start() {
            [b'{' | b'[', ..] => ContentType::json(),
            [b'<', ..] => ContentType::xml(),
            _ => ContentType::plaintext(),
        };
        Ok(HttpResponse::Ok().content_type(kind).body(text))
    }
}

/// The success that the event wants, in the format of the message.
fn success(is_payment: bool, format: Format) -> &'static [u8] {
    match (is_payment, format) {
        (false, _) => b"success",
        (true, Format::Json) => br#"{"ErrCode":0,"ErrMsg":"success"}"#,
        (true, Format::Xml) => {
            b"<xml><ErrCode>0</ErrCode><ErrMsg><![CDATA[success]]></ErrMsg></xml>"
        }
    }
}

/// The event's name, or `msg:` and the MsgType.
fn name(fields: &Fields) -> String {
    let name = match fields.get("event") {
        Some(event) => event.to_owned(),
        None => format!("msg:{}", fields.get("msgtype").unwrap_or_default()),
    };
    // PostgreSQL cannot hold NUL.
    name.chars()
        .filter(|c| !c.is_control())
        .take(MAX_EVENT)
        .collect()
}

/// A name of the message that its repeats have too, if WeChat says when it was made. It is of UUID
/// version 7, so that it sorts by that time.
pub(super) fn message_id(app: &AppId, message: &Message) -> Option<Uuid> {
    let seconds: u64 = message.fields.get("createtime")?.parse().ok()?;
    let mut hash = Context::new(&SHA256);
    hash.update(app.as_str().as_bytes());
    hash.update(&repeat_key(message));
    let bytes = hash.finish();
    let random = bytes.as_ref().first_chunk::<10>()?;
    let millis = seconds.checked_mul(1_000)?;
    Some(uuid::Builder::from_unix_timestamp_millis(millis, random).into_uuid())
}

fn repeat_key(message: &Message) -> [u8; 32] {
    let mut hash = Context::new(&SHA256);
    let mut add = |text: &str| {
        hash.update(&(text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    };
    let fields = &message.fields;
    if let Some(id) = fields.get("msgid") {
        add("msgid");
        add(id);
    } else if fields.get("fromusername").is_some() && fields.get("createtime").is_some() {
        for name in REPEATED {
            add(fields.get(name).unwrap_or_default());
        }
        if fields.event().starts_with(SMALL_GAMES) {
            hash.update(&message.text);
        }
    } else {
        // Nothing names it, so only the same bytes are the same message.
        add("bytes");
        hash.update(&message.text);
    }
    let mut key = [0; 32];
    key.copy_from_slice(hash.finish().as_ref());
    key
}
