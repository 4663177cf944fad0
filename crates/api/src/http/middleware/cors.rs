//! Which web pages may call us. (Mini programs send no `Origin` and need nothing of this.)

use actix_cors::{Cors, CorsError};
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse, ResponseError};

use super::sandbox_guard::SandboxGuard;
use crate::http::endpoints::auth;
use crate::http::replies::ApiError;
use crate::settings::{CorsHeader, CorsOrigin};

/// The rules for `origins`, whose pages may send `headers`, and for the sandbox's page; without any
/// origin, no other page may.
pub(crate) fn rules(
    origins: &[CorsOrigin],
    headers: &[CorsHeader],
    sandbox: Option<SandboxGuard>,
) -> Cors {
    let rules = Cors::default()
        .allowed_methods(["GET", "POST", "PUT", "PATCH", "DELETE"])
        .allowed_header("x-request-id")
        .expose_headers(["x-request-id", "retry-after"])
        .max_age(3_600);
    let rules = headers.iter().fold(rules, |rules, header| match header {
        CorsHeader::Any => rules.allow_any_header(),
        CorsHeader::Named(name) => rules.allowed_header(name.as_str()),
    });
    let rules = match sandbox {
        Some(guard) => rules.allowed_origin_fn(move |origin, head| guard.is_of_page(origin, head)),
        None => rules,
    };
    origins.iter().fold(rules, |rules, origin| match origin {
        CorsOrigin::Any => rules.allow_any_origin(),
        CorsOrigin::Exactly(origin) => rules.allowed_origin(origin),
    })
}

/// Middleware: gives a refusal by the rules the form that all failures have. A preflight that a gateway
/// passes on to `/auth/verify` is for the backend behind the gateway, whose origins are not ours.
pub(crate) async fn in_our_form(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if auth::is_for_gateways(request.path())
        && auth::is_preflight(request.method(), request.headers())
    {
        return Ok(request.into_response(HttpResponse::NoContent().finish()));
    }
    let response = next.call(request).await?;
    let error = response.response().error();
    let refusal = error.and_then(|error| error.as_error::<CorsError>());
    Ok(match refusal.map(refused) {
        Some(refusal) => {
            let (request, _) = response.into_parts();
            ServiceResponse::new(request, refusal.error_response())
        }
        None => response.map_into_boxed_body(),
    })
}

fn refused(error: &CorsError) -> ApiError {
    ApiError::invalid(match error {
        CorsError::OriginNotAllowed => "跨域请求被拒绝：来源不在 server.cors_allowed_origins 中",
        CorsError::MethodNotAllowed => "跨域请求被拒绝：不允许该请求方法",
        CorsError::HeadersNotAllowed => "跨域请求被拒绝：请求头不在 server.cors_allowed_headers 中",
        _ => "跨域预检请求不完整",
    })
}
