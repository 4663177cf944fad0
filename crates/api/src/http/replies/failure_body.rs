//! The body of every failure.

use actix_web::HttpMessage;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::ServiceResponse;
use actix_web::http::header::{self, HeaderValue};
use serde::Serialize;

use super::ErrorCode;
use crate::http::middleware::names::Names;

/// What an error leaves in its answer for [`written()`] to turn into the body.
pub(crate) struct Failure {
    pub(crate) code: ErrorCode,
    pub(crate) detail: Option<String>,
    pub(crate) reason: Option<&'static str>,
    /// Seconds.
    pub(crate) retry_after: Option<u64>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
}

/// The answer with the body of its failure, if it is one.
pub(crate) fn written(
    mut response: ServiceResponse<impl MessageBody + 'static>,
) -> ServiceResponse<BoxBody> {
    let failure = response.response_mut().extensions_mut().remove::<Failure>();
    let Some(failure) = failure else {
        return response.map_into_boxed_body();
    };
    let body = {
        let extensions = response.request().extensions();
        let names = extensions.get::<Names>();
        json(&failure, names.map_or("", |names| names.id.as_str()))
    };
    let mut response = response.map_body(|_, _| BoxBody::new(body));
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    response
}

fn json(failure: &Failure, request_id: &str) -> String {
    let entry = failure.code.entry();
    let body = FailureBody {
        code: entry.status,
        msg: failure.detail.as_deref().unwrap_or(entry.msg),
        error: entry.id,
        request_id,
        reason: failure.reason,
        retry_after: failure.retry_after,
    };
    serde_json::to_string(&body).unwrap_or_default()
}
