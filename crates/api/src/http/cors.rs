//! Which web pages may call us. (Mini programs send no `Origin` and need nothing of this.)

use actix_cors::Cors;
use actix_web::http::header;

use crate::settings::CorsOrigin;

/// The rules for `origins`; without any, no page may.
pub(super) fn rules(origins: &[CorsOrigin]) -> Cors {
    let rules = Cors::default()
        .allowed_methods(["GET", "POST", "PATCH", "DELETE"])
        .allowed_headers([header::AUTHORIZATION, header::CONTENT_TYPE])
        .allowed_header("x-request-id")
        .expose_headers(["x-request-id", "retry-after"])
        .max_age(3_600);
    origins.iter().fold(rules, |rules, origin| match origin {
        CorsOrigin::Any => rules.allow_any_origin(),
        CorsOrigin::Exactly(origin) => rules.allowed_origin(origin),
    })
}
