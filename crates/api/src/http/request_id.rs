//! `X-Request-Id`: the caller's, if it is sane, or our own.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage};
use uuid::Uuid;

const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The name of one request, in its answer and in every log line about it.
#[derive(Clone, Debug, Default)]
pub(super) struct RequestId(String);

impl RequestId {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// The caller's, if it can be logged and sent back without harm.
    fn of(request: &ServiceRequest) -> Self {
        let given = request
            .headers()
            .get(HEADER)
            .and_then(|value| value.to_str().ok());
        let sane =
            given.filter(|text| (1..=128).contains(&text.len()) && text.bytes().all(is_harmless));
        Self(sane.map_or_else(|| Uuid::now_v7().to_string(), str::to_owned))
    }
}

fn is_harmless(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.:+/=".contains(&byte)
}

/// Middleware: names the request and tells the caller.
pub(super) async fn assign(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let id = RequestId::of(&request);
    let header = HeaderValue::from_str(id.as_str());
    request.extensions_mut().insert(id);
    let mut response = next.call(request).await?;
    if let Ok(header) = header {
        response.headers_mut().insert(HEADER, header);
    }
    Ok(response)
}
