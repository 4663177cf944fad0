//! The bytes of a request body.

use actix_web::{HttpMessage, web};

use crate::http::middleware::names::Names;
use crate::http::replies::ApiError;

/// The bytes, up to `server.max_body_bytes`; empty if there is no body. `load_shed` has read them.
pub(crate) struct RawBody(pub(crate) web::Bytes);

extractor!(RawBody, |request| {
    let mut extensions = request.extensions_mut();
    let names = extensions.get_mut::<Names>();
    match names.and_then(|names| names.body.take()) {
        Some(body) => body.map(Self).map_err(ApiError::from),
        None => Ok(Self(web::Bytes::new())),
    }
});
