//! What every request passes through first and last: it gets its name and its clock, and its
//! answer the body of a failure, the headers that every answer has, and its place in the counts.

use std::time::{Duration, Instant};

use actix_web::Error;
use actix_web::HttpMessage;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;

use super::failure_body;
use super::request_id::RequestId;
use super::route_name::RouteName;
use crate::metrics::Metrics;

/// What a request is called: by itself, and among those of its kind.
pub(super) struct Names {
    pub(super) id: RequestId,
    pub(super) route: RouteName,
}

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Middleware, the outermost. One for all of this, because each middleware costs every request
/// two allocations.
pub(super) async fn frame(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let start = Instant::now();
    let names = Names {
        id: RequestId::of(&request),
        route: RouteName::of(&request),
    };
    request.extensions_mut().insert(names);
    let mut response = failure_body::written(next.call(request).await?);

    let names = response.request().extensions_mut().remove::<Names>();
    if let Some(Names { id, route }) = names {
        response.headers_mut().insert(REQUEST_ID, id.0);
        count(&response, route, start.elapsed());
    }
    let headers = response.headers_mut();
    // No answer of a login service is to be kept by a cache or guessed at by a browser.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    Ok(response)
}

fn count(response: &ServiceResponse<BoxBody>, route: RouteName, took: Duration) {
    let request = response.request();
    if let Some(metrics) = request.app_data::<Data<Metrics>>() {
        metrics.count(route, request.method(), response.status(), took);
    }
}
