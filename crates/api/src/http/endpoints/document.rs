//! `GET /openapi.json`: the document.

use actix_web::HttpResponse;
use actix_web::http::header::ContentType;

use crate::http::endpoint::{Endpoint, endpoint};
use crate::http::openapi_text;

pub(crate) const ENDPOINTS: &[Endpoint] = &[endpoint!(show)];

/// Hand out this document
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "about",
    operation_id = "showDocument",
    responses((status = 200, description = "The document, bare.", body = serde_json::Value)),
)]
async fn show() -> HttpResponse {
    HttpResponse::Ok()
        .content_type(ContentType::json())
        .body(openapi_text())
}
