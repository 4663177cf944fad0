//! `/user/logout`, `/user/sessions`: list and end the sessions of a user.

use actix_web::web::Data;
use domain::id::SessionId;
use domain::session::{ListedSession, SessionAccount};
use domain::sessions::SessionService;
use domain::time::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::endpoint::endpoints;
use crate::http::extractors::json_object::value_or_empty;
use crate::http::extractors::{OptionalJsonObject, Paging, Parameters, PathId, Who};
use crate::http::replies::{Answer, Items, Nothing, Success, replies};

endpoints! { log_out; list_sessions; end_session; }

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
    request_body = Option<LogoutBody>,
    responses((status = 200, description = "Logged out.", body = Success<Nothing>)),
    security(("token" = [])),
)]
async fn log_out(
    Who(account): Who,
    OptionalJsonObject(body): OptionalJsonObject<LogoutBody>,
    sessions: Data<SessionService>,
) -> Answer<Nothing> {
    let everywhere = body.and_then(|body| body.everywhere).unwrap_or(false);
    sessions.log_out(&account, everywhere).await?;
    Ok(Success::new("已退出登录", Nothing {}))
}

replies! {
    /// A session among others.
    pub(crate) SessionReply from (listed, asking): (ListedSession, &SessionAccount) {
        id: Uuid = listed.session.id.as_uuid(),
        app_id: String = listed.app_id.to_string(),
        created_at: Timestamp = listed.session.created_at,
        last_used_at: Timestamp = listed.session.last_used_at,
        expires_at: Timestamp = listed.session.expires_at,
        /// Whether it is the one that asks.
        current: bool = listed.session.id == asking.session.id,
    }
}

/// List where the user is logged in
#[utoipa::path(
    get,
    path = "/user/sessions",
    params(
        ("cursor" = Option<String>, Query, description = "nextCursor of the page before."),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 200, description = "Items on a page; 100 unless told otherwise."),
    ),
    responses((status = 200, description = "The live sessions, the newest first.", body = Success<Items<SessionReply>>)),
    security(("token" = [])),
)]
async fn list_sessions(
    Who(account): Who,
    parameters: Parameters,
    sessions: Data<SessionService>,
) -> Answer<Items<SessionReply>> {
    let paging = Paging::with_default(&parameters, PAGE)?;
    let listed = sessions.list(&account, paging.page(SessionId::new)).await?;
    let id = |last: &ListedSession| last.session.id.as_uuid();
    let reply = |listed| SessionReply::from((listed, &*account));
    Ok(paging.answer(listed, id, reply))
}

/// End one session
#[utoipa::path(
    delete,
    path = "/user/sessions/{id}",
    params(("id" = String, Path, format = "uuid", description = "The session, as the list names it.")),
    responses((status = 200, description = "It has ended.", body = Success<Nothing>)),
    security(("token" = [])),
)]
async fn end_session(
    Who(account): Who,
    PathId(id): PathId,
    sessions: Data<SessionService>,
) -> Answer<Nothing> {
    let has_ended = sessions.end(&account, SessionId::new(id)).await?;
    Success::found("ok", has_ended.then_some(Nothing {}))
}
