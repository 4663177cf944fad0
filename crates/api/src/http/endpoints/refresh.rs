//! `POST /user/refresh`: the next pair of tokens.

use actix_web::web::Data;
use domain::ports::TokenPair;
use domain::secret::RefreshToken;
use domain::sessions::SessionService;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::endpoint::endpoints;
use crate::http::extractors::JsonObject;
use crate::http::replies::{ApiError, Success, Written};

endpoints! {
    refresh: [RefreshInvalid, RefreshReused, SessionRevoked, StorageUnavailable];
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RefreshBody {
    #[schema(required = true, nullable = false)]
    refresh_token: Option<String>,
}

/// A pair of tokens, as a login answers it too.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TokenFields<'a> {
    /// A JWT (EdDSA).
    token: &'a str,
    /// Always `Bearer`.
    token_type: &'static str,
    /// Seconds.
    expires_in: u64,
    refresh_token: &'a str,
    /// Seconds.
    refresh_expires_in: u64,
}

/// Exchange the refresh token for the next pair of tokens
#[utoipa::path(
    post,
    path = "/user/refresh",
    description = "A generation may be presented again until something of the next one has been used, and for tokens.reuse_grace_s after that. The grace does not prolong the session.",
    request_body = RefreshBody,
    responses((status = 200, description = "The next pair.", body = Success<TokenFields>)),
)]
async fn refresh(
    JsonObject(body): JsonObject<RefreshBody>,
    sessions: Data<SessionService>,
) -> Result<Written, ApiError> {
    let token = body
        .refresh_token
        .ok_or_else(|| ApiError::invalid("缺少字段 refreshToken"))?;
    let pair = sessions.refresh(&RefreshToken::new(token)).await?;
    Ok(Success::new("ok", TokenFields::from(&pair)).written())
}

impl<'a> From<&'a TokenPair> for TokenFields<'a> {
    fn from(pair: &'a TokenPair) -> Self {
        Self {
            token: pair.access.expose(),
            token_type: "Bearer",
            expires_in: pair.access_ttl.as_secs(),
            refresh_token: pair.refresh.expose(),
            refresh_expires_in: pair.refresh_ttl.as_secs(),
        }
    }
}
