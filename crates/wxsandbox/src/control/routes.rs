//! The control API over HTTP: JSON under `/sandbox/`.

mod apps;
mod events;
mod payments;
mod rules;
mod users;

use actix_web::error::JsonPayloadError;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError, web};
use serde::Serialize;
use serde_json::json;

use super::{Control, ControlError};

pub(crate) fn configure(config: &mut web::ServiceConfig) {
    apps::configure(config);
    users::configure(config);
    rules::configure(config);
    events::configure(config);
    payments::configure(config);
}

/// A body that does not fit is answered with what is wrong with it.
pub(crate) fn json_config() -> web::JsonConfig {
    web::JsonConfig::default()
        .limit(1 << 20)
        .content_type_required(false)
        .error_handler(|error: JsonPayloadError, _| {
            let body = json!({"error": error.to_string()});
            let response = HttpResponse::BadRequest().json(body);
            actix_web::error::InternalError::from_response(error, response).into()
        })
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
            Self::Config(_) | Self::Patch(_) => StatusCode::BAD_REQUEST,
            Self::Unknown(error) => error.status_code(),
            Self::NoComponent { .. } | Self::NoFault(_) | Self::NoOrder(_) => StatusCode::NOT_FOUND,
            Self::NoApp
            | Self::NoSessionKey { .. }
            | Self::NoPush(_)
            | Self::RefundTooMuch { .. } => StatusCode::CONFLICT,
        }
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::build(self.status_code()).json(json!({"error": self.to_string()}))
    }
}
