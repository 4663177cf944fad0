//! `/user/logout`, `/user/sessions`: where a user is logged in, and how that ends.

use actix_web::web;
use domain::id::SessionId;
use domain::session::{ListedSession, SessionAccount};
use domain::sessions::SessionService;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::error::ApiError;
use super::error_code::ErrorCode;
use super::json_object::OptionalJsonObject;
use super::success::{Items, Nothing, Success};
use super::who::Who;

#[derive(Deserialize, Default)]
pub(super) struct LogoutBody {
    everywhere: Option<bool>,
}

/// `POST /user/logout`
pub(super) async fn log_out(
    Who(account): Who,
    OptionalJsonObject(body): OptionalJsonObject<LogoutBody>,
    sessions: web::Data<SessionService>,
) -> Result<Success<Nothing>, ApiError> {
    sessions
        .log_out(&account, body.everywhere.unwrap_or(false))
        .await?;
    Ok(Success::new("已退出登录", Nothing {}))
}

/// A session among others.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SessionReply {
    id: String,
    app_id: String,
    created_at: String,
    last_used_at: String,
    expires_at: String,
    /// Whether it is the one that asks.
    current: bool,
}

/// `GET /user/sessions`
pub(super) async fn list(
    Who(account): Who,
    sessions: web::Data<SessionService>,
) -> Result<Success<Items<SessionReply>>, ApiError> {
    let listed = sessions.list(&account).await?;
    let items = listed
        .iter()
        .map(|listed| SessionReply::new(listed, &account))
        .collect();
    Ok(Success::new("ok", Items::all(items)))
}

/// `DELETE /user/sessions/{id}`
pub(super) async fn end(
    Who(account): Who,
    id: web::Path<String>,
    sessions: web::Data<SessionService>,
) -> Result<Success<Nothing>, ApiError> {
    let id = id
        .parse::<Uuid>()
        .map_err(|_| ApiError::new(ErrorCode::NotFound))?;
    if !sessions.end(&account, SessionId::new(id)).await? {
        return Err(ApiError::new(ErrorCode::NotFound));
    }
    Ok(Success::new("ok", Nothing {}))
}

impl SessionReply {
    fn new(listed: &ListedSession, asking: &SessionAccount) -> Self {
        Self {
            id: listed.session.id.to_string(),
            app_id: listed.app_id.to_string(),
            created_at: listed.session.created_at.to_string(),
            last_used_at: listed.last_used_at.to_string(),
            expires_at: listed.session.expires_at.to_string(),
            current: listed.session.id == asking.session.id,
        }
    }
}
