//! A request body as it came.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;

use super::error::ApiError;
use super::json_object::unreadable;

/// The bytes, up to `server.max_body_bytes`.
pub(super) struct RawBody(pub(super) web::Bytes);

impl FromRequest for RawBody {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = web::Bytes::from_request(request, payload);
        async move { body.await.map(Self).map_err(|error| unreadable(&error)) }.boxed_local()
    }
}
