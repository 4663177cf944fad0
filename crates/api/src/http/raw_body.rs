//! A request body as it came: whole, in time, and not too long.

use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;

use super::error::ApiError;
use super::error_code::ErrorCode;

/// How long a body may take to arrive. A caller that sends it drop by drop would otherwise hold
/// one of the places for requests under way.
const PATIENCE: Duration = Duration::from_secs(10);

/// The bytes, up to `server.max_body_bytes`.
pub(super) struct RawBody(pub(super) web::Bytes);

impl FromRequest for RawBody {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = web::Bytes::from_request(request, payload);
        async move {
            match tokio::time::timeout(PATIENCE, body).await {
                Ok(Ok(bytes)) => Ok(Self(bytes)),
                Ok(Err(error)) => Err(unreadable(&error)),
                Err(_too_late) => Err(ApiError::invalid("请求体未在规定时间内传完，请重试")),
            }
        }
        .boxed_local()
    }
}

fn unreadable(error: &actix_web::Error) -> ApiError {
    match error.as_error::<PayloadError>() {
        Some(PayloadError::Overflow) => ApiError::new(ErrorCode::PayloadTooLarge),
        _ => ApiError::invalid("请求体不完整，请重试"),
    }
}
