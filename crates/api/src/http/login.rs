//! `POST /user/wxlogin`: a login. (And GET with the same body, as the first front ends send it.)

use actix_web::http::header;
use actix_web::{HttpRequest, web};
use domain::app::AppDirectory;
use domain::login::{Login, LoginAttempt, LoginError, LoginService, NamedUser};
use domain::open_data::{EncryptedData, SignedRawData};
use domain::secret::{LoginCode, LoginNonce};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::error::ApiError;
use super::error_code::ErrorCode;
use super::fields::{CODE_LENGTH, check_length, encrypted_data, pair};
use super::gateway::named_user;
use super::json_object::{ExactText, JsonObject, Object};
use super::load_shed;
use super::refresh::TokenFields;
use super::success::Success;
use super::user_reply::ProfileFields;
use crate::background::Background;

const NONCE_LENGTH: std::ops::RangeInclusive<usize> = 16..=64;

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct LoginBody {
    /// The code of `wx.login`.
    #[schema(required = true, nullable = false, min_length = 1, max_length = 512)]
    plat_code: Option<String>,
    /// The profile, where the page has one.
    #[schema(value_type = Option<UserInfoMap>)]
    plat_user_info_map: Option<Object<UserInfoMap>>,
    /// The mini program; left out, the one of the `Referer`, else the first configured.
    app_id: Option<String>,
    /// Random, made by the client: within 60 seconds the same code with the same nonce gets the
    /// same session again.
    #[schema(min_length = 16, max_length = 64)]
    nonce: Option<String>,
}

/// What `wx.getUserProfile` and its kin gave the page.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UserInfoMapBody)]
struct UserInfoMap {
    /// Base64; with `iv`, or not at all.
    #[schema(content_encoding = "base64", min_length = 1)]
    encrypted_data: Option<String>,
    /// Base64 of 16 bytes.
    #[schema(content_encoding = "base64", min_length = 1)]
    iv: Option<String>,
    /// The JSON text that `signature` covers; with it, or not at all.
    #[schema(value_type = Option<String>)]
    raw_data: Option<ExactText>,
    /// SHA-1 of `rawData` and the session_key, in hex.
    signature: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct LoginReply {
    #[serde(flatten)]
    profile: ProfileFields,
    #[serde(skip_serializing_if = "Option::is_none")]
    watermark: Option<WatermarkReply>,
    #[schema(value_type = String, format = "uuid")]
    user_id: Uuid,
    is_new_user: bool,
    #[serde(flatten)]
    tokens: TokenFields,
}

#[derive(Serialize, ToSchema)]
struct WatermarkReply {
    appid: String,
    /// Unix seconds.
    timestamp: i64,
}

/// Answers a login.
#[utoipa::path(
    method(get, post),
    path = "/user/wxlogin",
    tag = "user",
    operation_id = "login",
    summary = "Log in with the code of wx.login",
    description = "GET takes the same JSON body, as the first front ends send it.",
    request_body = LoginBody,
    responses((status = 200, description = "Logged in.", body = Success<LoginReply>)),
)]
pub(super) async fn login(
    request: HttpRequest,
    body: Result<JsonObject<LoginBody>, ApiError>,
    apps: web::Data<AppDirectory>,
    logins: web::Data<LoginService>,
    background: web::Data<Background>,
) -> Result<Success<LoginReply>, ApiError> {
    let referer = request
        .headers()
        .get(header::REFERER)
        .and_then(|value| value.to_str().ok());
    let login = match (body, named_user(&request, &apps)?) {
        // Whom the gateway names needs no body, and what is wrong in it does not matter.
        (Ok(JsonObject(body)), Some(named)) if !body.has_code() => Asked::ByGateway(named),
        (Err(_), Some(named)) => Asked::ByGateway(named),
        (body, _) => Asked::ByCode(body?.0.into_attempt(&apps, referer)?),
    };
    // A phone may hang up while its code is being spent; the session must be stored all the
    // same, or its repeat with the same nonce would find nothing. So the login is a task of its
    // own, which outlives the request.
    let logins = logins.into_inner();
    let place = load_shed::place_of(&request);
    let task = async move {
        let _place = place;
        let login = match login {
            Asked::ByCode(attempt) => logins.login(&attempt).await?,
            Asked::ByGateway(named) => logins.login_named(named).await?,
        };
        Ok::<_, LoginError>(LoginReply::new(&login))
    };
    let reply = background.run(task).await.map_err(|panic| {
        tracing::error!(%panic, "a login panicked");
        ApiError::new(ErrorCode::Internal)
    })??;
    Ok(Success::new("登录成功", reply))
}

/// How a login says who it is for.
enum Asked {
    ByCode(LoginAttempt),
    ByGateway(NamedUser),
}

impl LoginBody {
    fn has_code(&self) -> bool {
        self.plat_code.as_ref().is_some_and(|code| !code.is_empty())
    }

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
                raw_data: raw_data.0,
                signature,
            }),
        ))
    }
}

impl LoginReply {
    fn new(login: &Login) -> Self {
        let watermark = login.watermark.as_ref().map(|watermark| WatermarkReply {
            appid: watermark.app_id.to_string(),
            timestamp: watermark.timestamp,
        });
        Self {
            user_id: login.account.user.id.as_uuid(),
            profile: ProfileFields::new(&login.account.identity, &login.account.user.profile),
            watermark,
            is_new_user: login.is_new_user,
            tokens: TokenFields::from(&login.tokens),
        }
    }
}
