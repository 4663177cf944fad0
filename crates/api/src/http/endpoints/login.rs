//! `POST /user/wxlogin`: a login, also with GET, which existing front ends send.

use actix_web::HttpRequest;
use actix_web::http::header;
use actix_web::web::Data;
use domain::app::AppDirectory;
use domain::id::AppId;
use domain::login::{Login, LoginAttempt, LoginError, LoginService, NamedUser};
use domain::open_data::Watermark;
use domain::profile::Profile;
use domain::visit::is_first_visit;
use uuid::Uuid;

use super::login_body::LoginBody;
use super::refresh::TokenFields;
use crate::http::endpoint::{WECHAT, endpoints};
use crate::http::extractors::gateway::named_user;
use crate::http::extractors::json_object::no_body;
use crate::http::extractors::{InTime, OptionalJsonObject, Parameters};
use crate::http::middleware::load_shed;
use crate::http::replies::{
    ApiError, ErrorCode, IdentityNames, ProfileFields, Success, Written, replies,
};
use crate::metrics::Metrics;
use crate::startup::Background;

endpoints! {
    login_by_get: WECHAT FAILURES;
    login: WECHAT FAILURES;
}

const FAILURES: &[ErrorCode] = &[
    ErrorCode::UnknownApp,
    ErrorCode::OpenDataInvalid,
    ErrorCode::CodeInvalid,
    ErrorCode::UserBlocked,
    ErrorCode::UserDisabled,
    ErrorCode::StorageUnavailable,
];

replies! {
    pub(crate) LoginReply<'a> from login: &'a Login {
        #[serde(flatten)]
        identity: IdentityNames<'a> = (&login.account.identity).into(),
        #[serde(flatten, with = "ProfileFields")]
        #[schema(value_type = ProfileFields)]
        profile: &'a Profile = &login.account.user.profile,
        watermark?: WatermarkReply<'a> = login.watermark.as_ref().map(WatermarkReply::from),
        user_id: Uuid = login.account.user.id.as_uuid(),
        is_new_user: bool = is_first_visit(&login.account),
        /// Whether a phone number is stored.
        phone_bound: bool = login.account.user.phone.is_some(),
        #[serde(flatten)]
        tokens: TokenFields<'a> = (&login.tokens).into(),
    }

    WatermarkReply<'a> from watermark: &'a Watermark {
        appid: &'a str = watermark.app_id.as_str(),
        /// Unix seconds.
        timestamp: i64 = watermark.timestamp,
    }
}

/// Log in with the code of wx.login
#[utoipa::path(
    post,
    path = "/user/wxlogin",
    request_body = LoginBody,
    responses((status = 200, description = "Logged in.", body = Success<LoginReply>)),
)]
async fn login(
    _: InTime,
    request: HttpRequest,
    body: Result<OptionalJsonObject<LoginBody>, ApiError>,
    apps: Data<AppDirectory>,
    logins: Data<LoginService>,
    background: Data<Background>,
    metrics: Data<Metrics>,
) -> Result<Written, ApiError> {
    let asked = Asked::of(&request, body.map(|body| body.0), &apps)?;
    answer(&request, asked, logins, background, &metrics).await
}

/// Log in as by POST, for older front ends
#[utoipa::path(
    get,
    path = "/user/wxlogin",
    description = "The fields stand in the query, as `wx.request` sends the data of a GET, or in a \
        JSON body. Where there is a body, the query is ignored.",
    params(
        ("platCode" = Option<String>, Query, description = "The code of `wx.login`.", min_length = 1, max_length = 512),
        ("platUserInfoMap" = Option<String>, Query, description = "The object of the body as JSON text."),
        ("appId" = Option<String>, Query, description = "The mini program."),
        ("nonce" = Option<String>, Query, description = "As in the body.", min_length = 16, max_length = 64),
    ),
    request_body = Option<LoginBody>,
    responses((status = 200, description = "Logged in.", body = Success<LoginReply>)),
)]
async fn login_by_get(
    _: InTime,
    request: HttpRequest,
    body: Result<OptionalJsonObject<LoginBody>, ApiError>,
    apps: Data<AppDirectory>,
    logins: Data<LoginService>,
    background: Data<Background>,
    metrics: Data<Metrics>,
) -> Result<Written, ApiError> {
    let body = match body {
        Ok(OptionalJsonObject(None)) => {
            LoginBody::of_query(&Parameters::of_query(&request)).map(Some)
        }
        body => body.map(|body| body.0),
    };
    let asked = Asked::of(&request, body, &apps)?;
    answer(&request, asked, logins, background, &metrics).await
}

async fn answer(
    request: &HttpRequest,
    asked: Asked,
    logins: Data<LoginService>,
    background: Data<Background>,
    metrics: &Metrics,
) -> Result<Written, ApiError> {
    // A phone may hang up while its code is being spent; the session must be stored all the
    // same, or its repeat with the same nonce would find nothing. So the login is a task of its
    // own, which outlives the request.
    let logins = logins.into_inner();
    let app = asked.app().clone();
    let place = load_shed::place_of(request);
    let task = async move {
        let _place = place;
        let login = match asked {
            Asked::ByCode(attempt) => logins.login(&attempt).await?,
            Asked::ByGateway(named) => logins.login_named(named).await?,
        };
        let reply = Success::new("登录成功", LoginReply::from(&login));
        Ok::<_, LoginError>(reply.written())
    };
    let reply = match background.run(task).await {
        Ok(reply) => reply.map_err(ApiError::from),
        Err(panic) => {
            tracing::error!(%panic, "a login panicked");
            Err(ApiError::new(ErrorCode::Internal))
        }
    };
    let outcome = reply.as_ref().map(|_| ()).map_err(ApiError::code);
    metrics.count_login(&app, outcome);
    reply
}

/// How a login says who it is for.
enum Asked {
    ByCode(LoginAttempt),
    ByGateway(NamedUser),
}

impl Asked {
    fn app(&self) -> &AppId {
        match self {
            Self::ByCode(attempt) => &attempt.app.id,
            Self::ByGateway(named) => &named.app.id,
        }
    }

    /// The gateway's word counts where there is no code. Whom it names needs no body, and what is
    /// wrong in it does not matter.
    fn of(
        request: &HttpRequest,
        body: Result<Option<LoginBody>, ApiError>,
        apps: &AppDirectory,
    ) -> Result<Self, ApiError> {
        let has_code = matches!(&body, Ok(Some(body)) if body.has_code());
        if !has_code && let Some(named) = named_user(request, apps)? {
            return Ok(Self::ByGateway(named));
        }
        let referer = request.headers().get(header::REFERER);
        let referer = referer.map(|value| String::from_utf8_lossy(value.as_bytes()));
        body?
            .ok_or_else(no_body)?
            .into_attempt(apps, referer.as_deref())
            .map(Self::ByCode)
    }
}
