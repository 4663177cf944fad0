//! The access token of a request, verified.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

use super::Service;
use super::answer::Failure;
use crate::tokens::Claims;

pub(super) struct Bearer(pub(super) Claims);

impl FromRequestParts<Arc<Service>> for Bearer {
    type Rejection = Failure;

    async fn from_request_parts(
        parts: &mut Parts,
        service: &Arc<Service>,
    ) -> Result<Bearer, Failure> {
        let token = parts
            .headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "))
            .ok_or(Failure::unauthorized("token_missing"))?;
        let claims = service
            .tokens
            .verify(token)
            .map_err(|_| Failure::unauthorized("token_invalid"))?;
        Ok(Bearer(claims))
    }
}
