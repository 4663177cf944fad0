//! `GET /openapi.json`, the document, and `GET /docs`, the document to read and try, by Swagger UI, all of
//! whose files are in the program.

use std::sync::Arc;

use actix_web::http::header::ContentType;
use actix_web::{HttpResponse, web};
use utoipa_swagger_ui::{Config, SwaggerFile};

use crate::http::endpoint::endpoints;
use crate::http::openapi_text;
use crate::http::replies::{ApiError, ErrorCode};

endpoints! { show_document; show_page; show_page_below; show_page_file; }

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

/// Show this document as a page
#[utoipa::path(
    get,
    path = "/docs",
    responses((status = 200, description = "The page.", body = String, content_type = "text/html; charset=utf-8")),
)]
async fn show_page() -> Result<HttpResponse, ApiError> {
    page("")
}

/// Show this document as a page
#[utoipa::path(
    get,
    path = "/docs/",
    responses((status = 200, description = "The page.", body = String, content_type = "text/html; charset=utf-8")),
)]
async fn show_page_below() -> Result<HttpResponse, ApiError> {
    page("<base href=\"../\">")
}

fn page(more: &str) -> Result<HttpResponse, ApiError> {
    let index = find("index.html")?;
    // The page stands beside its files' folder, and not in it. Relative addresses let the
    // service stand below any path of a proxy.
    let html = String::from_utf8_lossy(&index.bytes)
        .replacen("<head>", &format!("<head>{more}"), 1)
        .replace("href=\"./", "href=\"./docs/")
        .replace("src=\"./", "src=\"./docs/")
        .replace("href=\"index.css\"", "href=\"./docs/index.css\"");
    Ok(HttpResponse::Ok()
        .content_type(ContentType::html())
        .body(html))
}

/// Hand out a file of the page
#[utoipa::path(
    get,
    path = "/docs/{file}",
    params(("file" = String, Path, description = "Its name.")),
    responses((status = 200, description = "The file.", content(
        (String = "text/javascript"),
        (String = "text/css"),
        (String = "text/html"),
        (String = "image/png"),
    ))),
)]
async fn show_page_file(name: web::Path<String>) -> Result<HttpResponse, ApiError> {
    let file = find(&name)?;
    Ok(HttpResponse::Ok()
        .content_type(file.content_type)
        .body(file.bytes.into_owned()))
}

fn find(name: &str) -> Result<SwaggerFile<'static>, ApiError> {
    // Relative to the page. Swagger's own validator is a service elsewhere.
    let config = Config::new(["./openapi.json"])
        .validator_url("none")
        .try_it_out_enabled(true)
        .persist_authorization(false);
    utoipa_swagger_ui::serve(name, Arc::new(config))
        .ok()
        .flatten()
        .ok_or_else(|| ApiError::new(ErrorCode::NotFound))
}
