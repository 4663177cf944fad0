//! Paths of the phone and the control API that do not exist, and queries that do not fit.

use actix_web::{HttpRequest, HttpResponse, error, web};
use serde_json::json;

pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config
        .app_data(query_config())
        .route("/phone/{rest:.*}", web::route().to(no_such_act))
        .route("/sandbox/{rest:.*}", web::route().to(no_such_control))
        .route("/cloud/{rest:.*}", web::route().to(no_such_cloud));
}

async fn no_such_act(request: HttpRequest) -> HttpResponse {
    answer(
        &request,
        "a phone can /phone/{user}/login, profile, phone-number and more; the README lists it all",
    )
}

async fn no_such_control(request: HttpRequest) -> HttpResponse {
    answer(
        &request,
        "it does not exist, takes another method, or the control API is switched off; the README lists it all",
    )
}

async fn no_such_cloud(request: HttpRequest) -> HttpResponse {
    answer(
        &request,
        "a container is at /cloud/{appid}/link/{user}/… and /cloud/{appid}/public/…",
    )
}

fn answer(request: &HttpRequest, hint: &str) -> HttpResponse {
    let (method, path) = (request.method(), request.path());
    let error = format!("nothing at {method} {path}: {hint}");
    HttpResponse::NotFound().json(json!({"error": error}))
}

fn query_config() -> web::QueryConfig {
    web::QueryConfig::default().error_handler(|error, _| {
        let response = HttpResponse::BadRequest().json(json!({"error": error.to_string()}));
        error::InternalError::from_response(error, response).into()
    })
}
