//! `GET /openapi.json`: the document.

use actix_web::HttpResponse;
use actix_web::http::header::ContentType;

use crate::http::endpoint::{Endpoint, endpoint};
use crate::http::openapi_text;

pub(crate) const ENDPOINTS: &[Endpoint] = &[endpoint!(show)];

/// Answers with the document, bare.
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "about",
    operation_id = "showDocument",
    summary = "Hand out this document",
    responses((status = 200, description = "The document, bare.", body = serde_json::Value)),
)]
async fn show() -> HttpResponse {
    HttpResponse::Ok()
        .content_type(ContentType::json())
        .body(openapi_text())
}
