//! `GET /openapi.json`: the document.

use actix_web::HttpResponse;
use actix_web::http::header::ContentType;

use crate::http::endpoint::{Endpoint, endpoint};
use crate::http::openapi_text;

pub(crate) const ENDPOINTS: &[Endpoint] = &[endpoint!(show_document)];

/// Hand out this document
#[utoipa::path(
    get,
    path = "/openapi.json",
    responses((status = 200, description = "The document, bare.", body = serde_json::Value)),
)]
async fn show_document() -> HttpResponse {
    HttpResponse::Ok()
        .content_type(ContentType::json())
        .body(openapi_text())
}
