//! `/user/phone`, `/user/opendata`, `/user/session`: what a logged-in user's phone hands over.

use actix_web::web;
use domain::personal_data::PersonalDataService;
use domain::secret::PhoneCode;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::error::ApiError;
use super::error_code::ErrorCode;
use super::fields::{CODE_LENGTH, check_length, encrypted_data};
use super::json_object::JsonObject;
use super::success::Success;
use super::user_reply::UserReply;
use super::who::Who;

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct PhoneBody {
    /// The code of `getPhoneNumber`, which WeChat recommends; it goes before the others.
    #[schema(min_length = 1, max_length = 512)]
    code: Option<String>,
    /// Base64; with `iv`.
    #[schema(content_encoding = "base64", min_length = 1)]
    encrypted_data: Option<String>,
    /// Base64 of 16 bytes.
    #[schema(content_encoding = "base64", min_length = 1)]
    iv: Option<String>,
}

/// `POST /user/phone`
#[utoipa::path(
    post,
    path = "/user/phone",
    tag = "user",
    operation_id = "storePhone",
    summary = "Store the phone number the user agreed to give",
    description = "By `code`, or by `encryptedData` and `iv`.",
    request_body = PhoneBody,
    responses((status = 200, description = "The user, with `phone`.", body = Success<UserReply>)),
    security(("token" = [])),
)]
pub(super) async fn phone(
    Who(account): Who,
    JsonObject(body): JsonObject<PhoneBody>,
    personal_data: web::Data<PersonalDataService>,
) -> Result<Success<UserReply>, ApiError> {
    let data = encrypted_data("", body.encrypted_data, body.iv)?;
    // A phone of today sends both; the code is the way WeChat recommends.
    let user = match (body.code, data) {
        (Some(code), _) => {
            check_length("code", &code, CODE_LENGTH)?;
            personal_data
                .phone_by_code(&account, &PhoneCode::new(code))
                .await
                .map_err(|error| ApiError::from(error).doing("phone number lookup failed"))?
        }
        (None, Some(data)) => personal_data.phone_by_data(&account, &data).await?,
        (None, None) => return Err(ApiError::invalid("缺少字段 code，或 encryptedData 与 iv")),
    };
    Ok(Success::new("ok", UserReply::new(&account.identity, &user)))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct OpenDataBody {
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

/// `POST /user/opendata`
#[utoipa::path(
    post,
    path = "/user/opendata",
    tag = "user",
    operation_id = "openData",
    summary = "Open data that WeChat encrypted for the user",
    request_body = OpenDataBody,
    responses((status = 200, description = "The payload, whatever its kind.", body = Success<serde_json::Value>)),
    security(("token" = [])),
)]
pub(super) async fn open(
    Who(account): Who,
    JsonObject(body): JsonObject<OpenDataBody>,
    personal_data: web::Data<PersonalDataService>,
) -> Result<Success<Box<RawValue>>, ApiError> {
    let data = encrypted_data("", body.encrypted_data, body.iv)?;
    let data = data.ok_or_else(|| ApiError::invalid("缺少字段 encryptedData 与 iv"))?;
    let opened = personal_data.open(&account, &data).await?;
    let payload =
        RawValue::from_string(opened.json).map_err(|_| ApiError::new(ErrorCode::Internal))?;
    Ok(Success::new("ok", payload))
}

/// Whether the session_key kept for the user is the one WeChat uses now.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SessionKeyReply {
    session_key_valid: bool,
}

/// `GET /user/session`
#[utoipa::path(
    get,
    path = "/user/session",
    tag = "user",
    operation_id = "checkSession",
    summary = "Ask WeChat whether the session_key kept here is current",
    responses((status = 200, description = "What WeChat says.", body = Success<SessionKeyReply>)),
    security(("token" = [])),
)]
pub(super) async fn check(
    Who(account): Who,
    personal_data: web::Data<PersonalDataService>,
) -> Result<Success<SessionKeyReply>, ApiError> {
    let asked = personal_data.session_key_is_current(&account).await;
    let session_key_valid =
        asked.map_err(|error| ApiError::from(error).doing("session_key check failed"))?;
    Ok(Success::new("ok", SessionKeyReply { session_key_valid }))
}
