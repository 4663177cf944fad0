//! `GET /auth/wechat-token`: an app's current access_token, for the team's other services, so
//! that one place fetches it.

use actix_web::{HttpRequest, web};
use domain::app::AppDirectory;
use domain::ports::WechatTokenSource;
use domain::support::SupportDesk;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::api_key::{ByKey, WechatToken};
use crate::http::error::ApiError;
use crate::http::parameters::Parameters;
use crate::http::success::Success;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct WechatTokenReply {
    access_token: String,
    /// Seconds, rounded down.
    expires_in: u64,
}

/// Answers with the token of `appId`, or of the first app.
#[utoipa::path(
    get,
    path = "/auth/wechat-token",
    tag = "auth",
    operation_id = "showWechatToken",
    summary = "Hand out an app's current access_token of WeChat's",
    params(("appId" = Option<String>, Query, description = "The app; the first one unless told otherwise.")),
    responses((status = 200, description = "The token.", body = Success<WechatTokenReply>)),
    security(("apiKey" = [])),
)]
pub(super) async fn show(
    key: ByKey<WechatToken>,
    request: HttpRequest,
    apps: web::Data<AppDirectory>,
    source: web::Data<dyn WechatTokenSource>,
    desk: web::Data<SupportDesk>,
) -> Result<Success<WechatTokenReply>, ApiError> {
    let parameters = Parameters::of_query(&request);
    let app = apps.choose(parameters.get("appId"), None)?;
    let (token, left) = source.current(&app.id).await?;
    // Nothing is handed out that is not in the audit log.
    desk.note_wechat_token(&app.id, &key.caller).await?;
    Ok(Success::new(
        "ok",
        WechatTokenReply {
            access_token: token.expose().to_owned(),
            expires_in: left.as_secs(),
        },
    ))
}
