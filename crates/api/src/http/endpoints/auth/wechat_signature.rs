//! `POST /auth/wechat-signature`: signs a text of the team's with a user's session_key, which stays
//! here (virtual payment, game coins, store payment).

use std::num::NonZeroU32;

use actix_web::web::Data;
use aws_lc_rs::digest::{SHA256, digest};
use domain::app::AppDirectory;
use domain::id::{OpenId, UserId};
use domain::signatures::{SessionSignature, SignatureOrder, SignatureService, Whom};
use governor::Quota;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::endpoint::{WECHAT, endpoints};
use crate::http::extractors::fields::filled;
use crate::http::extractors::json_object::value_or_empty;
use crate::http::extractors::{ByKey, JsonObject, Limit, Sign};
use crate::http::replies::{Answer, ApiError, ErrorCode, Success, replies};

endpoints! {
    sign_with_session_key:
        WECHAT [UnknownApp, UserDisabled, NotFound, SessionKeyStale, UserBlocked];
}

/// The longest text, bytes. An order has some hundreds.
const MAX_TEXT: usize = 8_192;

/// Signatures in a minute and key: ten orders a second, and a leaked key signs no more.
const PER_MINUTE: u32 = 600;

/// Counts signatures by the name of the API key.
pub(crate) struct SignatureLimit(Limit<String>);

impl SignatureLimit {
    pub(crate) fn new() -> Self {
        let per_minute = NonZeroU32::new(PER_MINUTE).unwrap_or(NonZeroU32::MIN);
        Self(Limit::new(Quota::per_minute(per_minute)))
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SignatureBody {
    /// The user, by our id; or `openId`.
    #[schema(format = "uuid")]
    user_id: Option<String>,
    /// The user, by the openid in the app.
    open_id: Option<String>,
    /// The app; the first one unless told otherwise.
    app_id: Option<String>,
    /// What is signed, byte for byte: the text of a JSON object with at least one member.
    #[schema(required = true, nullable = false, min_length = 1, max_length = 8192)]
    data: Option<String>,
    /// Whether WeChat is asked first if the session_key is still current.
    #[serde(default, deserialize_with = "value_or_empty")]
    check_session: Option<bool>,
}

replies! {
    pub(super) SignatureReply from signed: SessionSignature {
        /// Lower-case hex of HMAC-SHA256.
        signature: String = signed.signature,
        /// `hmac_sha256`
        sig_method: &'static str = "hmac_sha256",
        open_id: String = signed.open_id.to_string(),
    }
}

/// Sign a text with a user's session_key
#[utoipa::path(
    post,
    path = "/auth/wechat-signature",
    description = "For virtual payment (虚拟支付), game coins and store payment. Audited with the SHA-256 of the text; at most 600 a minute and key.",
    request_body = SignatureBody,
    responses((status = 200, description = "The signature.", body = Success<SignatureReply>)),
    security(("apiKey" = [])),
)]
async fn sign_with_session_key(
    key: ByKey<Sign>,
    JsonObject(body): JsonObject<SignatureBody>,
    apps: Data<AppDirectory>,
    limit: Data<SignatureLimit>,
    signatures: Data<SignatureService>,
) -> Answer<SignatureReply> {
    let counted = limit.0.count(&key.caller.actor.as_str().to_owned());
    counted.map_err(|wait| ApiError::later(ErrorCode::RateLimited, wait))?;
    let app_id = filled(body.app_id);
    let app = apps.choose(app_id.as_deref(), None)?.id.clone();
    let user = whom(body.user_id, body.open_id)?;
    let text = body.data.unwrap_or_default();
    check_text(&text)?;
    let order = SignatureOrder {
        app,
        user,
        digest: hex::encode(digest(&SHA256, text.as_bytes())),
        text,
        check_session: body.check_session.unwrap_or(false),
    };
    let signed = signatures.sign(&order, &key.caller).await?;
    Ok(Success::new("ok", signed.into()))
}

/// Exactly one of the two must be given.
fn whom(user_id: Option<String>, open_id: Option<String>) -> Result<Whom, ApiError> {
    match (filled(user_id), filled(open_id)) {
        (Some(id), None) => Uuid::try_parse(&id)
            .map(|id| Whom::User(UserId::new(id)))
            .map_err(|_| ApiError::invalid("字段 userId 应为 UUID")),
        // PostgreSQL cannot store NUL, so no user has such an openid.
        (None, Some(open_id)) if open_id.contains('\0') => Err(ApiError::new(ErrorCode::NotFound)),
        (None, Some(open_id)) => Ok(Whom::OpenId(OpenId::new(open_id))),
        (Some(_), Some(_)) => Err(ApiError::invalid("字段 userId 与 openId 只能提供一个")),
        (None, None) => Err(ApiError::invalid("缺少字段 userId 或 openId")),
    }
}

/// The signature of the empty text is a credential by which WeChat gives away session_keys, and a
/// text that is no JSON object might be one some day. Orders are JSON objects with members.
fn check_text(text: &str) -> Result<(), ApiError> {
    if text.is_empty() {
        return Err(ApiError::invalid("缺少字段 data"));
    }
    if text.len() > MAX_TEXT {
        return Err(ApiError::invalid(format!(
            "字段 data 过长，最多 {MAX_TEXT} 字节"
        )));
    }
    let members = serde_json::from_str::<Map<String, Value>>(text);
    if members.is_ok_and(|members| !members.is_empty()) {
        return Ok(());
    }
    Err(ApiError::invalid(
        "字段 data 应为 JSON 对象的文本，且至少有一个成员",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_text_of_an_object_with_members_is_signed() {
        let longest = format!(r#"{{"a":"{}"}}"#, "x".repeat(MAX_TEXT - 8));
        for text in [r#"{"a":1}"#, " {\"a\" : null}\n", r#"{"":{}}"#, &longest] {
            assert!(check_text(text).is_ok(), "{text}");
        }
        let too_long = format!("{longest} ");
        for text in [
            "",
            " ",
            "\n",
            "{}",
            " { } ",
            "[]",
            "[{\"a\":1}]",
            "null",
            "1",
            "\"\"",
            "\"{}\"",
            "{\"a\":1",
            "{\"a\":1}}",
            "{\"a\":1}{}",
            "{a:1}",
            "\u{feff}{\"a\":1}",
            "\0",
            &too_long,
        ] {
            assert!(check_text(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_key_signs_600_times_in_a_minute() {
        let (SignatureLimit(limit), shop) = (SignatureLimit::new(), String::from("shop"));
        assert!((0..PER_MINUTE).all(|_| limit.count(&shop).is_ok()));
        assert!(limit.count(&shop).is_err());
        assert!(limit.count(&String::from("other")).is_ok());
    }
}
