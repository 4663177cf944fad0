//! `Authorization: Bearer …` (RFC 6750).

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest};
use domain::secret::AccessToken;

use crate::http::replies::{ApiError, ErrorCode};

/// The token a request came with, unproven.
pub(crate) struct Bearer(pub(crate) AccessToken);

impl FromRequest for Bearer {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(
            token(request)
                .map(Self)
                .ok_or_else(|| ApiError::new(ErrorCode::TokenMissing)),
        )
    }
}

fn token(request: &HttpRequest) -> Option<AccessToken> {
    let value = request.headers().get(header::AUTHORIZATION)?;
    let value = std::str::from_utf8(value.as_bytes()).ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then(|| AccessToken::new(token))
}
