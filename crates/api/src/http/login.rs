//! `POST /user/wxlogin`: a login. (And GET with the same body, as the first front ends send it.)

use actix_web::http::header;
use actix_web::{HttpRequest, web};
use domain::app::AppDirectory;
use domain::login::{Login, LoginAttempt, LoginService};
use domain::open_data::{EncryptedData, SignedRawData};
use domain::secret::{LoginCode, LoginNonce};
use serde::{Deserialize, Serialize};
use tracing::Instrument;

use super::error::ApiError;
use super::error_code::ErrorCode;
use super::fields::{CODE_LENGTH, check_length, encrypted_data, pair};
use super::json_object::{JsonObject, Object};
use super::refresh::TokenFields;
use super::success::Success;
use super::user_reply::ProfileFields;
use crate::session_memory::SessionMemory;

const NONCE_LENGTH: std::ops::RangeInclusive<usize> = 16..=64;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LoginBody {
    plat_code: Option<String>,
    plat_user_info_map: Option<Object<UserInfoMap>>,
    app_id: Option<String>,
    nonce: Option<String>,
}

/// What `wx.getUserProfile` and its kin gave the page.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UserInfoMap {
    encrypted_data: Option<String>,
    iv: Option<String>,
    raw_data: Option<String>,
    signature: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LoginReply {
    #[serde(flatten)]
    profile: ProfileFields,
    #[serde(skip_serializing_if = "Option::is_none")]
    watermark: Option<WatermarkReply>,
    user_id: String,
    is_new_user: bool,
    #[serde(flatten)]
    tokens: TokenFields,
}

#[derive(Serialize)]
struct WatermarkReply {
    appid: String,
    timestamp: i64,
}

/// Answers a login.
pub(super) async fn login(
    request: HttpRequest,
    JsonObject(body): JsonObject<LoginBody>,
    apps: web::Data<AppDirectory>,
    logins: web::Data<LoginService>,
    memory: web::Data<SessionMemory>,
) -> Result<Success<LoginReply>, ApiError> {
    let referer = request
        .headers()
        .get(header::REFERER)
        .and_then(|value| value.to_str().ok());
    let attempt = body.into_attempt(&apps, referer)?;
    // A phone may hang up while its code is being spent; the session must be stored all the
    // same, or its repeat with the same nonce would find nothing. So the login is a task of its
    // own, which outlives the request.
    let before = memory.moment();
    let task = async move { logins.login(&attempt).await }.in_current_span();
    let login = tokio::spawn(task).await.map_err(|panic| {
        tracing::error!(%panic, "a login panicked");
        ApiError::new(ErrorCode::Internal)
    })??;
    memory.learn(&login.account, before);
    Ok(Success::new("登录成功", LoginReply::from(login)))
}

impl LoginBody {
    fn into_attempt(
        self,
        apps: &AppDirectory,
        referer: Option<&str>,
    ) -> Result<LoginAttempt, ApiError> {
        let code = self
            .plat_code
            .ok_or_else(|| ApiError::invalid("缺少字段 platCode"))?;
        check_length("platCode", &code, CODE_LENGTH)?;
        if let Some(nonce) = &self.nonce {
            check_length("nonce", nonce, NONCE_LENGTH)?;
        }
        let (encrypted_data, raw_data) = match self.plat_user_info_map {
            Some(Object(map)) => map.into_open_data()?,
            None => (None, None),
        };
        let app = apps.choose(self.app_id.as_deref(), referer)?.clone();
        Ok(LoginAttempt {
            app,
            code: LoginCode::new(code),
            nonce: self.nonce.map(LoginNonce::new),
            encrypted_data,
            raw_data,
        })
    }
}

impl UserInfoMap {
    fn into_open_data(self) -> Result<(Option<EncryptedData>, Option<SignedRawData>), ApiError> {
        let encrypted = encrypted_data("platUserInfoMap.", self.encrypted_data, self.iv)?;
        let signed = pair(
            ("platUserInfoMap.rawData", self.raw_data),
            ("platUserInfoMap.signature", self.signature),
        )?;
        Ok((
            encrypted,
            signed.map(|(raw_data, signature)| SignedRawData {
                raw_data,
                signature,
            }),
        ))
    }
}

impl From<Login> for LoginReply {
    fn from(login: Login) -> Self {
        let watermark = login.watermark.map(|watermark| WatermarkReply {
            appid: watermark.app_id.to_string(),
            timestamp: watermark.timestamp,
        });
        Self {
            user_id: login.account.user.id.to_string(),
            profile: ProfileFields::new(login.account.identity, login.account.user.profile),
            watermark,
            is_new_user: login.is_new_user,
            tokens: TokenFields::from(login.tokens),
        }
    }
}
