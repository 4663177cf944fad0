//! `/wechat/events/{appId}`: where WeChat pushes messages (消息推送)
//! (<https://developers.weixin.qq.com/miniprogram/dev/framework/server-ability/message-push.html>).

mod event;
mod fields;
mod inbox;
mod receive;
mod relay;
mod verify;
mod xml;

use actix_web::dev::ServiceRequest;
use actix_web::web::{Data, ServiceConfig, get, post};
use utoipa::OpenApi;

pub(crate) use inbox::PushInboxes;

use crate::http::replies::error::ApiError;
use crate::http::routes::resource;

/// What the handlers say of themselves.
#[derive(OpenApi)]
#[openapi(paths(verify::verify, receive::receive))]
pub(crate) struct Api;

/// Refuses a message that cannot be WeChat's, before its body is there.
///
/// # Errors
/// The refusal.
pub(crate) fn refuse_early(request: &ServiceRequest) -> Result<(), ApiError> {
    let path = request.path().trim_start_matches('/');
    let app = path.strip_prefix("wechat/events/");
    match (app, request.app_data::<Data<PushInboxes>>()) {
        (Some(app), Some(inboxes)) => inboxes.refuse_early(app, request.request()),
        _ => Ok(()),
    }
}

/// Adds the path.
pub(crate) fn configure(routes: &mut ServiceConfig) {
    let methods = [get().to(verify::verify), post().to(receive::receive)];
    routes.service(resource("/wechat/events/{appId}", "GET, POST", methods));
}
