//! `/user/phone`, `/user/opendata`, `/user/session`: what a logged-in user's phone hands over.

use actix_web::web;
use domain::personal_data::PersonalDataService;
use domain::secret::PhoneCode;
use domain::session::SessionAccount;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::error::ApiError;
use super::error_code::ErrorCode;
use super::fields::{CODE_LENGTH, check_length, encrypted_data};
use super::json_object::JsonObject;
use super::success::Success;
use super::user_reply::UserReply;
use super::who::Who;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PhoneBody {
    code: Option<String>,
    encrypted_data: Option<String>,
    iv: Option<String>,
}

/// `POST /user/phone`
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
                .await?
        }
        (None, Some(data)) => personal_data.phone_by_data(&account, &data).await?,
        (None, None) => return Err(ApiError::invalid("缺少字段 code，或 encryptedData 与 iv")),
    };
    Ok(Success::new(
        "ok",
        UserReply::from(SessionAccount { user, ..account }),
    ))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OpenDataBody {
    encrypted_data: Option<String>,
    iv: Option<String>,
}

/// `POST /user/opendata`
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
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SessionKeyReply {
    session_key_valid: bool,
}

/// `GET /user/session`
pub(super) async fn check(
    Who(account): Who,
    personal_data: web::Data<PersonalDataService>,
) -> Result<Success<SessionKeyReply>, ApiError> {
    let session_key_valid = personal_data.session_key_is_current(&account).await?;
    Ok(Success::new("ok", SessionKeyReply { session_key_valid }))
}
