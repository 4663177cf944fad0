//! `X-Request-Id`: that of the caller if it is valid, otherwise a new one.

use actix_web::dev::ServiceRequest;
use actix_web::http::header::HeaderValue;
use uuid::Uuid;

/// The name of one request, in its answer and in every log line about it.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(pub(crate) HeaderValue);

impl RequestId {
    pub(crate) fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }

    /// The caller's, if it can be logged and sent back without harm.
    pub(crate) fn of(request: &ServiceRequest) -> Self {
        let given = request.headers().get("x-request-id");
        let sane = given.filter(|value| {
            (1..=128).contains(&value.len()) && value.as_bytes().iter().copied().all(is_harmless)
        });
        Self(sane.map_or_else(own, HeaderValue::clone))
    }
}

fn own() -> HeaderValue {
    let text = &mut Uuid::encode_buffer();
    let text = Uuid::now_v7().hyphenated().encode_lower(text);
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("none"))
}

fn is_harmless(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.:+/=".contains(&byte)
}
