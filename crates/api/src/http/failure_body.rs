//! The body of every failure, written in one place.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage};
use serde::Serialize;

use super::error_code::ErrorCode;
use super::request_id::RequestId;

/// What an error leaves in its answer for [`write()`] to turn into the body.
#[derive(Clone)]
pub(super) struct Failure {
    pub(super) code: ErrorCode,
    pub(super) detail: Option<String>,
    pub(super) reason: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FailureBody<'a> {
    code: u16,
    msg: &'a str,
    error: &'a str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

/// Middleware: gives a failed answer its body.
pub(super) async fn write(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let request_id = request
        .extensions()
        .get::<RequestId>()
        .cloned()
        .unwrap_or_default();
    let response = next.call(request).await?;
    let failure = response.response().extensions().get::<Failure>().cloned();
    let Some(failure) = failure else {
        return Ok(response.map_into_boxed_body());
    };
    let body = json(&failure, &request_id);
    let mut response = response.map_body(|_, _| BoxBody::new(body));
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    Ok(response)
}

fn json(failure: &Failure, request_id: &RequestId) -> String {
    let entry = failure.code.entry();
    let body = FailureBody {
        code: entry.status,
        msg: failure.detail.as_deref().unwrap_or(entry.msg),
        error: entry.id,
        request_id: request_id.as_str(),
        reason: failure.reason,
    };
    serde_json::to_string(&body).unwrap_or_default()
}
