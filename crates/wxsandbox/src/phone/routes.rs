//! The phone over HTTP, for people with curl: GET and POST alike, options in the query.

mod login;
mod open_data;
mod others;
mod virtual_payment;

use std::sync::Arc;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Phone, PhoneError};
use crate::state::World;

pub(crate) fn configure(config: &mut web::ServiceConfig) {
    login::configure(config);
    open_data::configure(config);
    others::configure(config);
    virtual_payment::configure(config);
}

/// Options every act of the phone takes.
#[derive(Deserialize)]
struct Common {
    /// The first app if absent.
    appid: Option<String>,
    /// `text` for the bare value.
    format: Option<String>,
}

fn phone(world: &web::Data<World>, user: &str, common: &Common) -> Result<Phone, PhoneError> {
    let world: &Arc<World> = world;
    let first = || world.directory().first_app().map(|app| app.id.to_string());
    let app_id = common.appid.clone().or_else(first).unwrap_or_default();
    Phone::open(world, user, &app_id)
}

/// A code, bare for who wants text.
fn code_reply(name: &str, code: String, common: &Common, request: &HttpRequest) -> HttpResponse {
    if wants_text(common, request) {
        return HttpResponse::Ok().content_type("text/plain").body(code);
    }
    reply(&json!({"errMsg": format!("{name}:ok"), "code": code}))
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

impl ResponseError for PhoneError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::NoSuchUser(_) | Self::NoSuchApp(_) => StatusCode::NOT_FOUND,
            Self::NotLoggedIn { .. } | Self::NoPhoneNumber(_) | Self::NoPrefetchUrl(_) => {
                StatusCode::CONFLICT
            }
            Self::TooFrequent(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Encryption => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::build(self.status_code()).json(json!({"error": self.to_string()}))
    }
}
