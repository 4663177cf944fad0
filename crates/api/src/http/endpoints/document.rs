//! `GET /openapi.json`: the document.

use actix_web::HttpResponse;
use actix_web::http::header::ContentType;

use crate::http::openapi_text;

/// Answers with the document, bare.
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "about",
    operation_id = "showDocument",
    summary = "Hand out this document",
    responses((status = 200, description = "The document, bare.", body = serde_json::Value)),
)]
pub(crate) async fn show() -> HttpResponse {
    HttpResponse::Ok()
        .content_type(ContentType::json())
        .body(openapi_text())
}
