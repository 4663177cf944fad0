//! `Authorization: Bearer …` (RFC 6750).

use actix_web::HttpRequest;
use actix_web::http::header;
use domain::secret::AccessToken;

use crate::http::replies::{ApiError, ErrorCode};

/// The token a request came with, unproven.
pub(crate) fn bearer(request: &HttpRequest) -> Result<AccessToken, ApiError> {
    token(request).ok_or_else(|| ApiError::new(ErrorCode::TokenMissing))
}

fn token(request: &HttpRequest) -> Option<AccessToken> {
    let value = request.headers().get(header::AUTHORIZATION)?;
    let value = std::str::from_utf8(value.as_bytes()).ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then(|| AccessToken::new(token))
}
