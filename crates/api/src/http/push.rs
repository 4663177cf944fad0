//! `/wechat/events/{appId}`: where WeChat pushes messages (消息推送)
//! (<https://developers.weixin.qq.com/miniprogram/dev/framework/server-ability/message-push.html>).

mod event;
mod fields;
mod inbox;
mod receive;
mod verify;
mod xml;

use actix_web::web::{ServiceConfig, get, post};
use utoipa::OpenApi;

pub(crate) use inbox::PushInboxes;

use super::routes::resource;

/// What the handlers say of themselves.
#[derive(OpenApi)]
#[openapi(paths(verify::verify, receive::receive))]
pub(super) struct Api;

/// Adds the path.
pub(super) fn configure(routes: &mut ServiceConfig) {
    let methods = [get().to(verify::verify), post().to(receive::receive)];
    routes.service(resource("/wechat/events/{appId}", "GET, POST", methods));
}
