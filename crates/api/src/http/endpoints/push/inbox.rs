//! The apps with message push, and the verification of messages.

use std::collections::HashMap;

use actix_web::HttpRequest;
use actix_web::web::Bytes;
use domain::id::AppId;
use domain::time::Timestamp;
use wxcrypto::push::{
    EncodingAesKey, InvalidEncodingAesKey, PushError, PushToken, SafeMode, SealedMessage,
};

use super::fields::{Fields, Format};
use crate::http::extractors::Parameters;
use crate::http::extractors::gateway::is_over_wechats_link;
use crate::http::replies::{ApiError, ErrorCode};
use crate::settings::App;

/// How far WeChat's clock and ours may be apart, s. A message that is further off is a copy that
/// somebody sends again.
const TOLERANCE_S: i64 = 300;

pub(crate) struct PushInboxes(HashMap<String, Inbox>);

/// One app's.
pub(super) struct Inbox {
    pub(super) app: AppId,
    /// `None` without a push token: then only WeChat's own link brings messages.
    keys: Option<Keys>,
}

struct Keys {
    token: PushToken,
    safe_mode: Option<SafeMode>,
}

/// A message that is WeChat's.
pub(super) struct Message {
    pub(super) fields: Fields,
    /// As it came, opened.
    pub(super) text: Bytes,
    pub(super) format: Format,
    /// The nonce of a message that was sealed, so that the answer is too.
    pub(super) sealed_with: Option<String>,
}

impl PushInboxes {
    pub(crate) fn of(apps: &[App]) -> Result<Self, InvalidEncodingAesKey> {
        let named = apps
            .iter()
            .map(|app| Ok((app.app_id.clone(), Inbox::of(app)?)));
        named.collect::<Result<_, _>>().map(Self)
    }

    /// The one that the path names, if `request` can be WeChat's at all.
    pub(super) fn named_in(&self, request: &HttpRequest) -> Result<&Inbox, ApiError> {
        self.named(request.match_info().get("appId"), request)
    }

    /// Refuses a message to `app` that cannot be WeChat's whatever its body is.
    pub(super) fn refuse_early(&self, app: &str, request: &HttpRequest) -> Result<(), ApiError> {
        let inbox = self.named(Some(app), request)?;
        // A sealed message is signed together with its body.
        let is_sealed = Parameters::of_query(request).get("msg_signature").is_some();
        if is_sealed || is_over_wechats_link(request) {
            return Ok(());
        }
        inbox.verify(request)
    }

    fn named(&self, app: Option<&str>, request: &HttpRequest) -> Result<&Inbox, ApiError> {
        app.and_then(|app| self.0.get(app))
            .filter(|inbox| inbox.keys.is_some() || is_over_wechats_link(request))
            .ok_or_else(|| ApiError::new(ErrorCode::NotFound))
    }
}

impl Inbox {
    fn of(app: &App) -> Result<Self, InvalidEncodingAesKey> {
        let app_id = AppId::new(app.app_id.as_str());
        let keys = app.push_token.as_ref().map(|token| {
            let token = PushToken::new(token.expose());
            let safe_mode = app.push_aes_key.as_ref().map(|key| {
                Ok(SafeMode {
                    token: token.clone(),
                    key: EncodingAesKey::parse(key.expose())?,
                    app_id: app_id.clone(),
                })
            });
            Ok(Keys {
                safe_mode: safe_mode.transpose()?,
                token,
            })
        });
        let keys = keys.transpose()?;
        Ok(Self { app: app_id, keys })
    }

    /// Checks that the console verifies this address.
    pub(super) fn verify(&self, request: &HttpRequest) -> Result<(), ApiError> {
        match &self.keys {
            Some(keys) => {
                let signed = keys.verify(&Parameters::of_query(request));
                signed.map_err(|error| self.refuse(error))
            }
            // WeChat's link, as `named_in` has seen.
            None => Ok(()),
        }
    }

    /// Checks that a message is WeChat's and reads it.
    pub(super) fn open(
        &self,
        request: &HttpRequest,
        body: Bytes,
        now: Timestamp,
    ) -> Result<Message, ApiError> {
        let query = Parameters::of_query(request);
        let outer = Fields::parse(&body);
        let encrypt = outer.and_then(|outer| outer.get("encrypt").map(str::to_owned));
        let message = match (&self.keys, encrypt.as_deref()) {
            (Some(keys), Some(encrypt)) if keys.safe_mode.is_some() => {
                let opened = keys.unseal(&query, encrypt, now);
                opened.map(|text| (Bytes::from(text), true))
            }
            // There WeChat signs and seals nothing.
            _ if is_over_wechats_link(request) => Ok((body, false)),
            (Some(keys), encrypt) => keys
                .check_plain(&query, encrypt.is_some(), now)
                .map(|()| (body, false)),
            (None, _) => Err(Refusal::NoToken),
        };
        let (text, was_sealed) = message.map_err(|error| self.refuse(error))?;
        let fields = Fields::parse(&text).ok_or_else(|| self.refuse(Refusal::NoMessage))?;
        Ok(Message {
            format: Format::of(&text),
            sealed_with: was_sealed.then(|| query.text("nonce").to_owned()),
            fields,
            text,
        })
    }

    pub(super) fn seal(
        &self,
        answer: &[u8],
        format: Format,
        nonce: &str,
        now: Timestamp,
    ) -> Result<String, ApiError> {
        let internal = || ApiError::new(ErrorCode::Internal);
        let keys = self.keys.as_ref().and_then(|keys| keys.safe_mode.as_ref());
        let safe_mode = keys.ok_or_else(internal)?;
        let sealed = safe_mode.seal(answer, rand::random(), now.as_second(), nonce);
        let sealed = sealed.map_err(|_| internal())?;
        match format {
            Format::Json => serde_json::to_string(&sealed).map_err(|_| internal()),
            Format::Xml => Ok(format!(
                "<xml><Encrypt><![CDATA[{}]]></Encrypt><MsgSignature><![CDATA[{}]]></MsgSignature><TimeStamp>{}</TimeStamp><Nonce><![CDATA[{}]]></Nonce></xml>",
                sealed.encrypt,
                sealed.msg_signature,
                sealed.time_stamp,
                sealed.nonce.replace(']', ""),
            )),
        }
    }

    /// Tells the operator, because WeChat's console tells them little.
    fn refuse(&self, refusal: Refusal) -> ApiError {
        tracing::warn!(app_id = %self.app, reason = %refusal, "a message to the push address was refused");
        match refusal {
            Refusal::NoMessage => ApiError::invalid("消息不是合法的 JSON 或 XML"),
            Refusal::NoKey => ApiError::invalid("消息已加密，而服务未配置 EncodingAESKey"),
            Refusal::NotWechats(PushError::NotOpened) => {
                ApiError::invalid("消息无法解密，请核对 EncodingAESKey")
            }
            _ => ApiError::new(ErrorCode::Forbidden),
        }
    }
}

impl Keys {
    /// Checks the signature that covers the query: of an address verification, or of a message
    /// in plain mode.
    fn verify(&self, query: &Parameters) -> Result<(), Refusal> {
        let [signature, timestamp, nonce] =
            ["signature", "timestamp", "nonce"].map(|name| query.text(name));
        Ok(self.token.verify(signature, timestamp, nonce)?)
    }

    /// Checks a message that is not sealed, or that cannot be opened here.
    fn check_plain(
        &self,
        query: &Parameters,
        is_sealed: bool,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        if self.safe_mode.is_some() {
            // The signature of a plain message does not cover its body: anyone who has seen the
            // query of one message could sign any other with it.
            return Err(Refusal::NotSealed);
        }
        self.verify(query)?;
        check_time(query, now)?;
        if is_sealed || query.text("encrypt_type").eq_ignore_ascii_case("aes") {
            return Err(Refusal::NoKey);
        }
        Ok(())
    }

    /// Opens a message of safe mode, or of compatible mode, which sends the same message sealed and
    /// in clear: only the sealed one is signed as a whole, so the other is not looked at. The
    /// `encrypt_type` of the query is not needed; some proxies lose it.
    fn unseal(
        &self,
        query: &Parameters,
        encrypt: &str,
        now: Timestamp,
    ) -> Result<Vec<u8>, Refusal> {
        let safe_mode = self.safe_mode.as_ref().ok_or(Refusal::NoKey)?;
        let message = safe_mode.open(&SealedMessage {
            msg_signature: query.text("msg_signature"),
            timestamp: query.text("timestamp"),
            nonce: query.text("nonce"),
            encrypt,
        })?;
        check_time(query, now)?;
        Ok(message)
    }
}

fn check_time(query: &Parameters, now: Timestamp) -> Result<(), Refusal> {
    let sent = query.text("timestamp").parse::<i64>();
    let sent = sent.map_err(|_| Refusal::OtherTime)?;
    if now.as_second().abs_diff(sent) > TOLERANCE_S.unsigned_abs() {
        return Err(Refusal::OtherTime);
    }
    Ok(())
}

#[derive(Debug, Clone, Copy, thiserror::Error)]
enum Refusal {
    #[error(transparent)]
    NotWechats(#[from] PushError),
    #[error(
        "push_aes_key is set and the message is not sealed: choose safe mode (安全模式) in WeChat's console"
    )]
    NotSealed,
    #[error(
        "the timestamp is more than five minutes off: an old message that somebody sends again, or a clock that is wrong"
    )]
    OtherTime,
    #[error(
        "the message is sealed and this app has no push_aes_key: take the EncodingAESKey from WeChat's console"
    )]
    NoKey,
    #[error("the app has no push_token")]
    NoToken,
    #[error("it is neither a JSON object nor XML")]
    NoMessage,
}
