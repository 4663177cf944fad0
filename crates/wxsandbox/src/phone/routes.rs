//! The phone over HTTP, for people with curl: GET and POST alike, options in the query.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, http::header, web};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{OpenDataOptions, Phone, PhoneError, ProfileKind};
use crate::state::World;

pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config
        .route("/phone/{user}/login", web::route().to(login))
        .route(
            "/phone/{user}/check-session",
            web::route().to(check_session),
        )
        .route("/phone/{user}/profile", web::route().to(profile))
        .route("/phone/{user}/phone-number", web::route().to(phone_number));
}

/// Options every act of the phone takes.
#[derive(Deserialize)]
struct Common {
    /// The first app if absent.
    appid: Option<String>,
    /// `text` for the bare value.
    format: Option<String>,
}

#[derive(Deserialize)]
struct LoginOptions {
    /// Certainly replace the session_key.
    #[serde(default)]
    fresh_key: bool,
}

async fn login(
    world: web::Data<World>,
    user: web::Path<String>,
    common: web::Query<Common>,
    options: web::Query<LoginOptions>,
    request: HttpRequest,
) -> Result<HttpResponse, PhoneError> {
    let phone = phone(&world, &user, &common)?;
    let code = if options.fresh_key {
        phone.login_with_fresh_key()?
    } else {
        phone.login()?
    };
    if wants_text(&common, &request) {
        return Ok(HttpResponse::Ok().content_type("text/plain").body(code));
    }
    Ok(reply(&json!({"errMsg": "login:ok", "code": code})))
}

async fn check_session(
    world: web::Data<World>,
    user: web::Path<String>,
    common: web::Query<Common>,
) -> Result<HttpResponse, PhoneError> {
    let valid = phone(&world, &user, &common)?.check_session();
    let message = if valid {
        "checkSession:ok"
    } else {
        "checkSession:fail session time out"
    };
    Ok(reply(&json!({"errMsg": message, "valid": valid})))
}

#[derive(Deserialize)]
struct ProfileOptions {
    #[serde(default)]
    kind: ProfileKind,
}

async fn profile(
    world: web::Data<World>,
    user: web::Path<String>,
    common: web::Query<Common>,
    profile: web::Query<ProfileOptions>,
    options: web::Query<OpenDataOptions>,
) -> Result<HttpResponse, PhoneError> {
    let phone = phone(&world, &user, &common)?;
    Ok(reply(&phone.profile(profile.kind, &options)?))
}

async fn phone_number(
    world: web::Data<World>,
    user: web::Path<String>,
    common: web::Query<Common>,
    options: web::Query<OpenDataOptions>,
) -> Result<HttpResponse, PhoneError> {
    Ok(reply(
        &phone(&world, &user, &common)?.phone_number(&options)?,
    ))
}

fn phone(world: &web::Data<World>, user: &str, common: &Common) -> Result<Phone, PhoneError> {
    let world: &Arc<World> = world;
    let first = || world.directory().first_app().map(|app| app.id.to_string());
    let app_id = common.appid.clone().or_else(first).unwrap_or_default();
    Phone::open(world, user, &app_id)
}

fn wants_text(common: &Common, request: &HttpRequest) -> bool {
    let accept = request.headers().get(header::ACCEPT);
    let accepts_text = accept.is_some_and(|value| value.as_bytes().starts_with(b"text/plain"));
    match common.format.as_deref() {
        Some(format) => format == "text",
        None => accepts_text,
    }
}

fn reply(body: &impl Serialize) -> HttpResponse {
    HttpResponse::Ok().json(body)
}

impl actix_web::ResponseError for PhoneError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::NoSuchUser(_) | Self::NoSuchApp(_) => StatusCode::NOT_FOUND,
            Self::NotLoggedIn { .. } | Self::NoPhoneNumber(_) => StatusCode::CONFLICT,
            Self::Encryption => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::build(self.status_code()).json(json!({"error": self.to_string()}))
    }
}
