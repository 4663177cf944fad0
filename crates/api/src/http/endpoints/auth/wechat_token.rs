//! `/auth/wechat-token`: an app's current access_token, for the team's other services, so that one
//! place fetches it.

use actix_web::web::Data;
use domain::app::{App, AppDirectory};
use domain::audit::Caller;
use domain::ports::{WechatApiError, WechatTokenSource};
use domain::secret::WechatToken;
use domain::support::SupportDesk;
use domain::time::Duration;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::http::endpoint::{WECHAT, endpoints};
use crate::http::extractors::fields::{check_length, filled};
use crate::http::extractors::{ByKey, JsonObject, Parameters, api_key};
use crate::http::replies::{Answer, ApiError, Success, replies};

endpoints! {
    show_wechat_token: WECHAT [UnknownApp];
    report_wechat_token: WECHAT [UnknownApp];
}

/// Characters of an access_token; WeChat reserves 512.
const TOKEN_LENGTH: std::ops::RangeInclusive<usize> = 1..=1_024;

replies! {
    pub(super) WechatTokenReply from (token, left): (WechatToken, Duration) {
        access_token: String = token.expose().to_owned(),
        /// Seconds, rounded down.
        expires_in: u64 = left.as_secs(),
    }
}

/// Hand out an app's current access_token of WeChat's
#[utoipa::path(
    get,
    path = "/auth/wechat-token",
    params(("appId" = Option<String>, Query, description = "The app; the first one unless told otherwise.")),
    responses((status = 200, description = "The token.", body = Success<WechatTokenReply>)),
    security(("apiKey" = [])),
)]
async fn show_wechat_token(
    key: ByKey<api_key::WechatToken>,
    parameters: Parameters,
    apps: Data<AppDirectory>,
    source: Data<dyn WechatTokenSource>,
    desk: Data<SupportDesk>,
) -> Answer<WechatTokenReply> {
    let app = apps.choose(parameters.get("appId"), None)?;
    let found = source.current(&app.id).await;
    hand_out(found, app, &desk, &key.caller).await
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RefusedTokenBody {
    /// The app; the first one unless told otherwise.
    app_id: Option<String>,
    /// The token that WeChat refused.
    #[schema(required = true, nullable = false, min_length = 1, max_length = 1024)]
    refused: Option<String>,
}

/// Report an access_token that WeChat refused, and get the one that is good now
#[utoipa::path(
    post,
    path = "/auth/wechat-token",
    description = "If it is still the stored token, WeChat is asked anew, because of such reports at most once in 10 s and app.",
    request_body = RefusedTokenBody,
    responses((status = 200, description = "The token.", body = Success<WechatTokenReply>)),
    security(("apiKey" = [])),
)]
async fn report_wechat_token(
    key: ByKey<api_key::WechatToken>,
    JsonObject(body): JsonObject<RefusedTokenBody>,
    apps: Data<AppDirectory>,
    source: Data<dyn WechatTokenSource>,
    desk: Data<SupportDesk>,
) -> Answer<WechatTokenReply> {
    let refused = body
        .refused
        .ok_or_else(|| ApiError::invalid("缺少字段 refused"))?;
    check_length("refused", &refused, TOKEN_LENGTH)?;
    let app_id = filled(body.app_id);
    let app = apps.choose(app_id.as_deref(), None)?;
    let refused = WechatToken::new(refused);
    let found = source.instead_of(&app.id, &refused).await;
    hand_out(found, app, &desk, &key.caller).await
}

async fn hand_out(
    found: Result<(WechatToken, Duration), WechatApiError>,
    app: &App,
    desk: &SupportDesk,
    caller: &Caller,
) -> Answer<WechatTokenReply> {
    let given = found
        .map_err(|error| ApiError::from(error).doing("WeChat's access_token was not given"))?;
    // Nothing is handed out that is not in the audit log.
    desk.note_wechat_token(&app.id, caller).await?;
    Ok(Success::new("ok", given.into()))
}
