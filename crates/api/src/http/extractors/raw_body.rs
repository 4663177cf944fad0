//! The bytes of a request body.

use actix_web::HttpMessage;
use actix_web::web::Bytes;

use crate::http::middleware::names::Names;

/// The bytes, up to `server.max_body_bytes`; empty if there is no body. `load_shed` has read them.
pub(crate) struct RawBody(pub(crate) Bytes);

extractor!(RawBody, |request| {
    let mut extensions = request.extensions_mut();
    let names = extensions.get_mut::<Names>();
    let body = names.and_then(|names| names.body.take());
    body.unwrap_or_else(|| Ok(Bytes::new())).map(Self)
});
