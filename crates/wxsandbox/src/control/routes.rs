//! The control API over HTTP: JSON under `/sandbox/`.

use std::time::Duration;

use actix_web::{HttpResponse, ResponseError, http::StatusCode, web};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Control, ControlError};
use crate::{
    clock::Moment,
    config::{AppConfig, Policy, UserConfig},
};

pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config
        .route("/sandbox/state", web::get().to(state))
        .route("/sandbox/users", web::get().to(users))
        .route("/sandbox/users", web::post().to(put_user))
        .route("/sandbox/apps", web::get().to(apps))
        .route("/sandbox/apps", web::post().to(put_app))
        .route("/sandbox/policy", web::get().to(policy))
        .route("/sandbox/policy", web::put().to(set_policy))
        .route("/sandbox/clock", web::get().to(clock))
        .route("/sandbox/clock", web::post().to(move_clock));
}

async fn state(control: web::Data<Control>) -> HttpResponse {
    ok(&control.state())
}

async fn users(control: web::Data<Control>) -> HttpResponse {
    ok(&control.users())
}

async fn put_user(
    control: web::Data<Control>,
    user: web::Json<UserConfig>,
) -> Result<HttpResponse, ControlError> {
    control.put_user(user.into_inner())?;
    Ok(done())
}

async fn apps(control: web::Data<Control>) -> HttpResponse {
    ok(&control.apps())
}

async fn put_app(
    control: web::Data<Control>,
    app: web::Json<AppConfig>,
) -> Result<HttpResponse, ControlError> {
    control.put_app(app.into_inner())?;
    Ok(done())
}

async fn policy(control: web::Data<Control>) -> HttpResponse {
    ok(&control.policy())
}

async fn set_policy(control: web::Data<Control>, policy: web::Json<Policy>) -> HttpResponse {
    control.set_policy(policy.into_inner());
    done()
}

async fn clock(control: web::Data<Control>) -> HttpResponse {
    ok(&json!({"now_ms": control.now()}))
}

/// Either or both; the clock is set first.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockMove {
    #[serde(default)]
    set_ms: Option<Moment>,
    #[serde(default)]
    advance_s: u64,
}

async fn move_clock(control: web::Data<Control>, by: web::Json<ClockMove>) -> HttpResponse {
    if let Some(to) = by.set_ms {
        control.set_clock(to);
    }
    control.advance(Duration::from_secs(by.advance_s));
    ok(&json!({"now_ms": control.now()}))
}

fn ok(body: &impl Serialize) -> HttpResponse {
    HttpResponse::Ok().json(body)
}

fn done() -> HttpResponse {
    ok(&json!({"ok": true}))
}

impl ResponseError for ControlError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Config(_) => StatusCode::BAD_REQUEST,
            Self::Unknown(error) => error.status_code(),
            Self::NoApp | Self::NoSessionKey { .. } => StatusCode::CONFLICT,
        }
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::build(self.status_code()).json(json!({"error": self.to_string()}))
    }
}
