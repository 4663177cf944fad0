//! `POST /user/refresh`: the next pair of tokens.

use actix_web::web::Data;
use domain::ports::TokenPair;
use domain::secret::RefreshToken;
use domain::sessions::SessionService;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::http::endpoint::endpoints;
use crate::http::extractors::JsonObject;
use crate::http::replies::{ApiError, Success, Written, replies};

endpoints! {
    refresh: [RefreshInvalid, RefreshReused, SessionRevoked, StorageUnavailable];
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RefreshBody {
    #[schema(required = true, nullable = false)]
    refresh_token: Option<String>,
}

replies! {
    /// A pair of tokens, as a login answers it too.
    pub(crate) TokenFields<'a> from pair: &'a TokenPair {
        /// A JWT, signed with `tokens.algorithm`.
        token: &'a str = pair.access.expose(),
        /// Always `Bearer`.
        token_type: &'static str = "Bearer",
        /// Seconds.
        expires_in: u64 = pair.access_ttl.as_secs(),
        refresh_token: &'a str = pair.refresh.expose(),
        /// Seconds.
        refresh_expires_in: u64 = pair.refresh_ttl.as_secs(),
    }
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
