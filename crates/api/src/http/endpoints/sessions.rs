//! `/user/logout`, `/user/sessions`: list and end the sessions of a user.

use actix_web::{HttpRequest, web};
use domain::id::SessionId;
use domain::session::{ListedSession, SessionAccount};
use domain::sessions::SessionService;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::endpoint::{Endpoint, endpoint};
use crate::http::extractors::json_object::value_or_empty;
use crate::http::extractors::{OptionalJsonObject, Paging, Parameters, Who};
use crate::http::replies::{ApiError, ErrorCode, Items, Nothing, Success};

pub(crate) const ENDPOINTS: &[Endpoint] = &[endpoint!(log_out), endpoint!(list), endpoint!(end)];

/// How many sessions a page has: as many as a user may have by default.
const PAGE: u32 = 100;

#[derive(Deserialize, ToSchema)]
pub(crate) struct LogoutBody {
    /// Whether all sessions of the user end; else only this one.
    #[serde(default, deserialize_with = "value_or_empty")]
    everywhere: Option<bool>,
}

/// Log out
#[utoipa::path(
    post,
    path = "/user/logout",
    tag = "user",
    operation_id = "logOut",
    request_body = Option<LogoutBody>,
    responses((status = 200, description = "Logged out.", body = Success<Nothing>)),
    security(("token" = [])),
)]
async fn log_out(
    Who(account): Who,
    OptionalJsonObject(body): OptionalJsonObject<LogoutBody>,
    sessions: web::Data<SessionService>,
) -> Result<Success<Nothing>, ApiError> {
    let everywhere = body.and_then(|body| body.everywhere).unwrap_or(false);
    sessions.log_out(&account, everywhere).await?;
    Ok(Success::new("已退出登录", Nothing {}))
}

/// A session among others.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SessionReply {
    #[schema(format = "uuid")]
    id: String,
    app_id: String,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    last_used_at: String,
    #[schema(format = DateTime)]
    expires_at: String,
    /// Whether it is the one that asks.
    current: bool,
}

/// List where the user is logged in
#[utoipa::path(
    get,
    path = "/user/sessions",
    tag = "user",
    operation_id = "listSessions",
    params(
        ("cursor" = Option<String>, Query, description = "nextCursor of the page before."),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 200, description = "Items on a page; 100 unless told otherwise."),
    ),
    responses((status = 200, description = "The live sessions, the newest first.", body = Success<Items<SessionReply>>)),
    security(("token" = [])),
)]
async fn list(
    Who(account): Who,
    request: HttpRequest,
    sessions: web::Data<SessionService>,
) -> Result<Success<Items<SessionReply>>, ApiError> {
    let paging = Paging::with_default(&Parameters::of_query(&request), PAGE)?;
    let listed = sessions.list(&account, paging.page(SessionId::new)).await?;
    let id = |last: &ListedSession| last.session.id.as_uuid();
    let reply = |listed| SessionReply::new(&listed, &account);
    Ok(paging.answer(listed, id, reply))
}

/// End one session
#[utoipa::path(
    delete,
    path = "/user/sessions/{id}",
    tag = "user",
    operation_id = "endSession",
    params(("id" = String, Path, format = "uuid", description = "The session, as the list names it.")),
    responses((status = 200, description = "It has ended.", body = Success<Nothing>)),
    security(("token" = [])),
)]
async fn end(
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
            last_used_at: listed.session.last_used_at.to_string(),
            expires_at: listed.session.expires_at.to_string(),
            current: listed.session.id == asking.session.id,
        }
    }
}
