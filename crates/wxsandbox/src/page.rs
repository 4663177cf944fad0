//! A page to play the phone with, at `/`.

use actix_web::{HttpResponse, web};

const PAGE: &str = include_str!("page/phone.html");

pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config.route("/", web::get().to(page));
}

async fn page() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .body(PAGE)
}
