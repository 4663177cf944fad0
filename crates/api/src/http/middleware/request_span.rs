//! The span of a request: enough to follow it, and nothing secret.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::{Error, HttpMessage};
use tracing::Span;
use tracing_actix_web::RootSpanBuilder;

use super::names::Names;

/// Names the route and not the path, because a path can hold ids and a query can hold more.
pub(crate) struct RequestSpan;

impl RootSpanBuilder for RequestSpan {
    fn on_request_start(request: &ServiceRequest) -> Span {
        let extensions = request.extensions();
        let names = extensions.get::<Names>();
        tracing::info_span!(
            "request",
            method = request.method().as_str(),
            route = names.map(|names| &*names.route.0),
            request_id = names.map(|names| names.id.as_str()),
        )
    }

    /// The status is one of this line and not of the span: a span that learns something after its
    /// beginning has all its fields written anew.
    fn on_request_end<B: MessageBody>(_: Span, outcome: &Result<ServiceResponse<B>, Error>) {
        let status = outcome.as_ref().map(|response| response.status().as_u16());
        tracing::debug!(status = status.ok(), "answered");
    }
}
