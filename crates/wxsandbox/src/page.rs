//! A page at `/` that simulates the phone: it logs in to the service and shows each step.

mod start;

use std::future::ready;

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::{HttpResponse, web};

/// A file of the page: its path, its media type, its text.
type File = (&'static str, &'static str, &'static str);

const CSS: &str = "text/css; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

const FILES: [File; 16] = [
    ("/", HTML, include_str!("page/index.html")),
    ("/page/style.css", CSS, include_str!("page/style.css")),
    ("/page/sequence.css", CSS, include_str!("page/sequence.css")),
    ("/page/main.js", SCRIPT, include_str!("page/main.js")),
    (
        "/page/controls.js",
        SCRIPT,
        include_str!("page/controls.js"),
    ),
    ("/page/dom.js", SCRIPT, include_str!("page/dom.js")),
    ("/page/text.js", SCRIPT, include_str!("page/text.js")),
    ("/page/words.js", SCRIPT, include_str!("page/words.js")),
    ("/page/device.js", SCRIPT, include_str!("page/device.js")),
    ("/page/flows.js", SCRIPT, include_str!("page/flows.js")),
    ("/page/login.js", SCRIPT, include_str!("page/login.js")),
    ("/page/trouble.js", SCRIPT, include_str!("page/trouble.js")),
    ("/page/picture.js", SCRIPT, include_str!("page/picture.js")),
    ("/page/run.js", SCRIPT, include_str!("page/run.js")),
    ("/page/token.js", SCRIPT, include_str!("page/token.js")),
    ("/page/view.js", SCRIPT, include_str!("page/view.js")),
];

/// Nothing is loaded from elsewhere. The service's address is not known here; pictures are its avatars.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src http: https:; \
                      img-src 'self' data: http: https:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(crate) fn configure(config: &mut web::ServiceConfig) {
    for (path, media_type, text) in FILES {
        config.route(path, web::get().to(move || ready(show(media_type, text))));
    }
    config.route("/page/start.json", web::get().to(start::show));
}

fn show(media_type: &'static str, text: &'static str) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(media_type)
        // The files are those of the program that runs now.
        .insert_header((CACHE_CONTROL, "no-cache"))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(text)
}
