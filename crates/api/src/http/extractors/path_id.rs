//! The id in a path.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use uuid::Uuid;

use crate::http::replies::{ApiError, ErrorCode};

/// `{id}` of the path. Where no UUID stands, nothing can be found.
pub(crate) struct PathId(pub(crate) Uuid);

impl FromRequest for PathId {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let id = request.match_info().get("id").map(Uuid::try_parse);
        ready(match id {
            Some(Ok(id)) => Ok(Self(id)),
            _ => Err(ApiError::new(ErrorCode::NotFound)),
        })
    }
}
