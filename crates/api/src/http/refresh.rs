//! `POST /user/refresh`: the next pair of tokens.

use actix_web::web;
use domain::ports::TokenPair;
use domain::secret::RefreshToken;
use domain::sessions::SessionService;
use serde::{Deserialize, Serialize};

use super::error::ApiError;
use super::json_object::JsonObject;
use super::success::Success;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RefreshBody {
    refresh_token: Option<String>,
}

/// A pair of tokens, as a login answers it too.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TokenFields {
    token: String,
    token_type: &'static str,
    expires_in: u64,
    refresh_token: String,
    refresh_expires_in: u64,
}

/// Answers with the next pair.
pub(super) async fn refresh(
    JsonObject(body): JsonObject<RefreshBody>,
    sessions: web::Data<SessionService>,
) -> Result<Success<TokenFields>, ApiError> {
    let token = body
        .refresh_token
        .ok_or_else(|| ApiError::invalid("缺少字段 refreshToken"))?;
    let pair = sessions.refresh(&RefreshToken::new(token)).await?;
    Ok(Success::new("ok", TokenFields::from(pair)))
}

impl From<TokenPair> for TokenFields {
    fn from(pair: TokenPair) -> Self {
        Self {
            token: pair.access.expose().to_owned(),
            token_type: "Bearer",
            expires_in: pair.access_ttl.as_secs(),
            refresh_token: pair.refresh.expose().to_owned(),
            refresh_expires_in: pair.refresh_ttl.as_secs(),
        }
    }
}
