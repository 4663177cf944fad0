//! The apps that get messages, and how a message is known to be WeChat's.

use std::collections::HashMap;

use actix_web::HttpRequest;
use domain::id::AppId;
use wxcrypto::push::{
    EncodingAesKey, InvalidEncodingAesKey, PushError, PushToken, SafeMode, SealedMessage,
};

use super::fields::Fields;
use crate::http::error::ApiError;
use crate::http::error_code::ErrorCode;
use crate::http::parameters::Parameters;
use crate::settings::App;

/// All apps with a push token.
pub(crate) struct PushInboxes(HashMap<String, Inbox>);

/// One app's.
pub(super) struct Inbox {
    pub(super) app: AppId,
    token: PushToken,
    safe_mode: Option<SafeMode>,
}

impl PushInboxes {
    /// The apps of these settings that have a push token.
    ///
    /// # Errors
    /// If an EncodingAESKey is none.
    pub(crate) fn of(apps: &[App]) -> Result<Self, InvalidEncodingAesKey> {
        let inboxes = apps.iter().filter_map(|app| Inbox::of(app).transpose());
        let named = inboxes.map(|inbox| inbox.map(|inbox| (inbox.app.to_string(), inbox)));
        named.collect::<Result<_, _>>().map(Self)
    }

    /// The one the path names.
    pub(super) fn named_in(&self, request: &HttpRequest) -> Result<&Inbox, ApiError> {
        request
            .match_info()
            .get("appId")
            .and_then(|app| self.0.get(app))
            .ok_or_else(|| ApiError::new(ErrorCode::NotFound))
    }
}

impl Inbox {
    fn of(app: &App) -> Result<Option<Self>, InvalidEncodingAesKey> {
        let Some(token) = &app.push_token else {
            return Ok(None);
        };
        let token = PushToken::new(token.expose());
        let app_id = AppId::new(app.app_id.as_str());
        let safe_mode = app.push_aes_key.as_ref().map(|key| {
            Ok(SafeMode {
                token: token.clone(),
                key: EncodingAesKey::parse(key.expose())?,
                app_id: app_id.clone(),
            })
        });
        Ok(Some(Self {
            app: app_id,
            token,
            safe_mode: safe_mode.transpose()?,
        }))
    }

    /// Checks the signature that covers the query: of an address verification, or of a message
    /// in plain mode.
    pub(super) fn verify(&self, query: &Parameters) -> Result<(), ApiError> {
        let text = |name| query.get(name).unwrap_or_default();
        self.token
            .verify(text("signature"), text("timestamp"), text("nonce"))
            .map_err(refused)
    }

    /// Checks that a message is WeChat's and reads it.
    pub(super) fn open(&self, query: &Parameters, body: &[u8]) -> Result<Fields, ApiError> {
        let is_sealed = query
            .get("encrypt_type")
            .is_some_and(|kind| kind.eq_ignore_ascii_case("aes"));
        if is_sealed {
            return self.unseal(query, body);
        }
        self.verify(query)?;
        read(body)
    }

    /// In safe mode, and in compatible mode, which sends the same message sealed and in clear:
    /// only the sealed one is signed as a whole, so the other is not looked at.
    fn unseal(&self, query: &Parameters, body: &[u8]) -> Result<Fields, ApiError> {
        let outer = read(body);
        let encrypt = outer.as_ref().ok().and_then(|outer| outer.get("encrypt"));
        let (Some(safe_mode), Some(encrypt)) = (&self.safe_mode, encrypt) else {
            // Without a ciphertext or a key the other signature tells whether this is WeChat.
            self.verify(query)?;
            if self.safe_mode.is_none() {
                tracing::warn!(
                    app_id = %self.app,
                    "WeChat pushes encrypted messages, and this app has no push_aes_key: take the EncodingAESKey from WeChat's console"
                );
            }
            return Err(ApiError::invalid(
                "消息缺少 Encrypt，或服务未配置 EncodingAESKey",
            ));
        };
        let text = |name| query.get(name).unwrap_or_default();
        let message = safe_mode.open(&SealedMessage {
            msg_signature: text("msg_signature"),
            timestamp: text("timestamp"),
            nonce: text("nonce"),
            encrypt,
        });
        read(&message.map_err(refused)?)
    }
}

fn read(message: &[u8]) -> Result<Fields, ApiError> {
    Fields::parse(message).ok_or_else(|| ApiError::invalid("消息不是合法的 JSON 或 XML"))
}

fn refused(error: PushError) -> ApiError {
    match error {
        PushError::BadSignature => ApiError::new(ErrorCode::Forbidden).because(error),
        // Whoever signs well has the token, so this is no stranger but a setting that is wrong.
        PushError::OtherApp => {
            tracing::warn!(%error, "a pushed message was refused");
            ApiError::new(ErrorCode::Forbidden)
        }
        PushError::NotOpened => {
            tracing::warn!(%error, "a pushed message was refused");
            ApiError::invalid("消息无法解密，请核对 EncodingAESKey")
        }
    }
}
