//! The body of every failure.

use std::borrow::Cow;

use actix_web::HttpMessage;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::ServiceResponse;
use actix_web::http::header;
use serde::Serialize;

use super::success::JSON;
use crate::http::middleware::names::Names;

/// What an error leaves in its answer for [`written()`] to turn into the body.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Failure {
    pub(crate) code: u16,
    pub(crate) msg: Cow<'static, str>,
    pub(crate) error: &'static str,
    /// Empty until the body is written.
    pub(crate) request_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<&'static str>,
    /// Seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retry_after: Option<u64>,
}

/// The answer with the body of its failure, if it is one.
pub(crate) fn written(
    mut response: ServiceResponse<impl MessageBody + 'static>,
) -> ServiceResponse<BoxBody> {
    let failure = response.response_mut().extensions_mut().remove::<Failure>();
    let Some(mut failure) = failure else {
        return response.map_into_boxed_body();
    };
    if let Some(names) = response.request().extensions().get::<Names>() {
        names.id.as_str().clone_into(&mut failure.request_id);
    }
    let body = serde_json::to_string(&failure).unwrap_or_default();
    let mut response = response.map_body(|_, _| BoxBody::new(body));
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    response
}
