//! `/user/phone`, `/user/opendata`, `/user/session`: data from the phone of a logged-in user.

use actix_web::web::Data;
use domain::open_data::EncryptedData;
use domain::personal_data::PersonalDataService;
use domain::secret::PhoneCode;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::http::endpoint::{WECHAT, endpoints};
use crate::http::extractors::fields::{CODE_LENGTH, check_length, encrypted_data, filled};
use crate::http::extractors::{JsonObject, Who};
use crate::http::replies::{Answer, ApiError, ErrorCode, Success, UserReply, Written, replies};

endpoints! {
    store_phone: WECHAT [OpenDataInvalid, PhoneCodeInvalid, UserBlocked, SessionKeyStale];
    open_data: [OpenDataInvalid, SessionKeyStale];
    check_session: WECHAT [UserBlocked];
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PhoneBody {
    /// The code of `getPhoneNumber`, which WeChat recommends. Where it is given, the others do not
    /// matter.
    #[schema(max_length = 512)]
    code: Option<String>,
    /// Base64; with `iv`.
    #[schema(value_type = Option<String>, content_encoding = "base64")]
    encrypted_data: Option<Value>,
    /// Base64 of 16 bytes.
    #[schema(value_type = Option<String>, content_encoding = "base64")]
    iv: Option<Value>,
}

/// Store the phone number the user agreed to give
#[utoipa::path(
    post,
    path = "/user/phone",
    description = "By `code`, or by `encryptedData` and `iv`.",
    request_body = PhoneBody,
    responses((status = 200, description = "The user, with `phone`.", body = Success<UserReply>)),
    security(("token" = [])),
)]
async fn store_phone(
    Who(account): Who,
    JsonObject(body): JsonObject<PhoneBody>,
    personal_data: Data<PersonalDataService>,
) -> Result<Written, ApiError> {
    let user = match body.into_proof()? {
        PhoneProof::Code(code) => personal_data
            .phone_by_code(&account, &code)
            .await
            .map_err(|error| ApiError::from(error).doing("phone number lookup failed"))?,
        PhoneProof::Data(data) => personal_data.phone_by_data(&account, &data).await?,
    };
    Ok(Success::new("ok", UserReply::from((&*account, &user))).written())
}

enum PhoneProof {
    Code(PhoneCode),
    Data(EncryptedData),
}

impl PhoneBody {
    /// The code, if there is one: each costs money, so nothing beside it may keep it from being
    /// tried. Pages that concatenate texts write the absent as `undefined` or `null`.
    fn into_proof(self) -> Result<PhoneProof, ApiError> {
        let code = filled(self.code).filter(|code| !["undefined", "null"].contains(&code.as_str()));
        if let Some(code) = code {
            check_length("code", &code, CODE_LENGTH)?;
            return Ok(PhoneProof::Code(PhoneCode::new(code)));
        }
        let encrypted = text("encryptedData", self.encrypted_data)?;
        let data = encrypted_data("", encrypted, text("iv", self.iv)?)?;
        data.map(PhoneProof::Data)
            .ok_or_else(|| ApiError::invalid("缺少字段 code，或 encryptedData 与 iv"))
    }
}

fn text(name: &str, value: Option<Value>) -> Result<Option<String>, ApiError> {
    match value {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(ApiError::invalid(format!("字段 {name} 的类型不正确"))),
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OpenDataBody {
    /// Base64.
    #[schema(
        required = true,
        nullable = false,
        content_encoding = "base64",
        min_length = 1
    )]
    encrypted_data: Option<String>,
    /// Base64 of 16 bytes.
    #[schema(
        required = true,
        nullable = false,
        content_encoding = "base64",
        min_length = 1
    )]
    iv: Option<String>,
}

/// Open data that WeChat encrypted for the user
#[utoipa::path(
    post,
    path = "/user/opendata",
    request_body = OpenDataBody,
    responses((status = 200, description = "The payload, whatever its kind.", body = Success<Value>)),
    security(("token" = [])),
)]
async fn open_data(
    Who(account): Who,
    JsonObject(body): JsonObject<OpenDataBody>,
    personal_data: Data<PersonalDataService>,
) -> Answer<Box<RawValue>> {
    let data = encrypted_data("", body.encrypted_data, body.iv)?;
    let data = data.ok_or_else(|| ApiError::invalid("缺少字段 encryptedData 与 iv"))?;
    let opened = personal_data.open(&account, &data).await?;
    let payload =
        RawValue::from_string(opened.json).map_err(|_| ApiError::new(ErrorCode::Internal))?;
    Ok(Success::new("ok", payload))
}

replies! {
    /// Whether the session_key kept for the user is the one WeChat uses now.
    pub(crate) SessionKeyReply from is_valid: bool {
        session_key_valid: bool = is_valid,
    }
}

/// Ask WeChat whether the session_key kept here is current
#[utoipa::path(
    get,
    path = "/user/session",
    responses((status = 200, description = "What WeChat says.", body = Success<SessionKeyReply>)),
    security(("token" = [])),
)]
async fn check_session(
    Who(account): Who,
    personal_data: Data<PersonalDataService>,
) -> Answer<SessionKeyReply> {
    let asked = personal_data.session_key_is_current(&account).await;
    let is_valid =
        asked.map_err(|error| ApiError::from(error).doing("session_key check failed"))?;
    Ok(Success::new("ok", is_valid.into()))
}
