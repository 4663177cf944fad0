//! The bytes of a request body.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};

use crate::http::middleware::frame::Names;
use crate::http::replies::ApiError;

/// The bytes, up to `server.max_body_bytes`; empty if there is no body. `load_shed` has read them.
pub(crate) struct RawBody(pub(crate) web::Bytes);

impl FromRequest for RawBody {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let mut extensions = request.extensions_mut();
        let body = extensions
            .get_mut::<Names>()
            .and_then(|names| names.body.take());
        ready(match body {
            Some(body) => body.map(Self).map_err(ApiError::from),
            None => Ok(Self(web::Bytes::new())),
        })
    }
}
