//! What every request passes through first and last: it gets its name and its clock, and its
//! answer the body of a failure, the headers that every answer has, and its place in the counts.

use std::time::{Duration, Instant};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::ConnectionType;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage};

use super::names::{Names, RouteName};
use crate::http::connections::Connection;
use crate::http::replies::{ApiError, ErrorCode, failure_body};
use crate::metrics::Metrics;

/// The most bytes of headers: as much as nginx takes (four buffers of 8 KiB). What is beyond 128 KiB, or
/// more than 96 headers, is answered by actix-web itself, with 431 and no body.
const MAX_HEADER_BYTES: usize = 32 << 10;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Middleware, the outermost. One for all of this, because each middleware costs every request
/// two allocations.
pub(crate) async fn frame(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let start = Instant::now();
    if let Some(connection) = request.conn_data::<Connection>() {
        connection.is_heard();
    }
    request.extensions_mut().insert(Names::of(&request));
    let answered = if bytes_of(request.headers()) > MAX_HEADER_BYTES {
        request
            .error_response(ApiError::new(ErrorCode::HeadersTooLarge))
            .map_into_right_body()
    } else {
        next.call(request).await?.map_into_left_body()
    };
    let (mut response, names) = complete(answered);
    if let Some(names) = names {
        count(&response, names.route, start.elapsed());
    }
    let connection = response.request().conn_data::<Connection>();
    if connection.is_some_and(Connection::is_one_of_many) {
        let head = response.response_mut().head_mut();
        head.set_connection_type(ConnectionType::Close);
    }
    Ok(response)
}

/// Middleware: the same for the operations listener, whose requests are not counted.
pub(crate) async fn frame_uncounted(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    request.extensions_mut().insert(Names::of(&request));
    let (response, _) = complete(next.call(request).await?);
    Ok(response)
}

/// Gives the response the body of a failure and the headers that every response has.
fn complete(
    answered: ServiceResponse<impl MessageBody + 'static>,
) -> (ServiceResponse<BoxBody>, Option<Names>) {
    let mut response = failure_body::written(answered);
    let names = response.request().extensions_mut().remove::<Names>();
    let headers = response.headers_mut();
    if let Some(names) = &names {
        headers.insert(REQUEST_ID, names.id.0.clone());
    }
    // Caches keep nothing of a login service but pictures, and browsers guess at nothing.
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    (response, names)
}

fn bytes_of(headers: &HeaderMap) -> usize {
    let lengths = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len());
    lengths.sum()
}

fn count(response: &ServiceResponse<BoxBody>, route: RouteName, took: Duration) {
    let request = response.request();
    if let Some(metrics) = request.app_data::<Data<Metrics>>() {
        metrics.count(route, request.method(), response.status(), took);
    }
}
