//! Request bodies: read whole, in time and not too long, before anything is done for a request.

use std::time::Duration;

use actix_web::dev::{Payload, ServiceRequest};
use actix_web::error::PayloadError;
use actix_web::http::header;
use actix_web::web::{Bytes, BytesMut};
use futures_util::StreamExt;
use tokio::time::timeout;

use super::unfinished::Unfinished;
use crate::http::endpoints::{avatars, push};
use crate::http::extractors::TrustedProxies;
use crate::http::replies::{ApiError, ErrorCode};

/// How long a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(10);

/// Reads bodies, and bounds how many are on their way.
pub(crate) struct BodyReader {
    max_bytes: usize,
    /// For the upload of an avatar.
    max_form_bytes: usize,
    proxies: TrustedProxies,
    unfinished: Unfinished,
}

/// A body, or why there is none.
pub(crate) type ReadBody = Result<Bytes, ApiError>;

impl BodyReader {
    pub(crate) fn new(max_bytes: usize, max_form_bytes: usize, proxies: TrustedProxies) -> Self {
        Self {
            max_bytes,
            max_form_bytes,
            proxies,
            unfinished: Unfinished::new(max_bytes.max(max_form_bytes)),
        }
    }

    fn most_bytes(&self, request: &ServiceRequest) -> usize {
        if request.path() == avatars::UPLOAD_PATH {
            self.max_form_bytes
        } else {
            self.max_bytes
        }
    }

    /// The body, or why the handler that wants it gets none; or an error for which no handler is asked.
    pub(crate) async fn read(
        &self,
        request: &ServiceRequest,
        payload: Payload,
    ) -> Result<ReadBody, ApiError> {
        let most_bytes = self.most_bytes(request);
        if declared(request).is_some_and(|length| length > most_bytes) {
            return Ok(Err(too_long()));
        }
        let mut reading = std::pin::pin!(collect(payload, most_bytes));
        // What came together with the head is there after one turn of the connection.
        tokio::select! {
            biased;
            body = &mut reading => return Ok(body),
            () = tokio::task::yield_now() => {}
        }
        push::refuse_early(request)?;
        let address = self.proxies.client_of(request.request());
        let mut place = self.unfinished.enter(address);
        tokio::select! {
            body = timeout(PATIENCE, reading) => Ok(body.unwrap_or_else(|_| {
                Err(ApiError::invalid("请求体未在规定时间内传完，请重试"))
            })),
            // Too many others were on their way.
            () = place.lost() => Ok(Err(ApiError::soon(ErrorCode::Overloaded))),
        }
    }
}

fn declared(request: &ServiceRequest) -> Option<usize> {
    let length = request.headers().get(header::CONTENT_LENGTH)?;
    length.to_str().ok()?.parse().ok()
}

/// All of the body. One that came in one piece is not copied.
async fn collect(mut payload: Payload, max_bytes: usize) -> ReadBody {
    let mut next = async || match payload.next().await {
        None => Ok(None),
        Some(Ok(bytes)) => Ok(Some(bytes)),
        Some(Err(PayloadError::Overflow)) => Err(too_long()),
        Some(Err(_)) => Err(ApiError::invalid("请求体不完整，请重试")),
    };
    let Some(first) = next().await? else {
        return Ok(Bytes::new());
    };
    if first.len() > max_bytes {
        return Err(too_long());
    }
    let Some(second) = next().await? else {
        return Ok(first);
    };
    let mut body = BytesMut::from(first);
    let mut more = Some(second);
    while let Some(bytes) = more {
        if body.len() + bytes.len() > max_bytes {
            return Err(too_long());
        }
        body.extend_from_slice(&bytes);
        more = next().await?;
    }
    Ok(body.freeze())
}

fn too_long() -> ApiError {
    ApiError::new(ErrorCode::PayloadTooLarge)
}
