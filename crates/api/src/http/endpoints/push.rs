//! `/wechat/events/{appId}`: where WeChat pushes messages (消息推送)
//! (<https://developers.weixin.qq.com/miniprogram/dev/framework/server-ability/message-push.html>).

mod event;
mod fields;
mod inbox;
pub(super) mod receive;
mod relay;
mod xml;

use actix_web::dev::ServiceRequest;
use actix_web::web::Data;

pub(crate) use inbox::PushInboxes;
pub(crate) use relay::Relay;

use crate::http::replies::ApiError;

/// Refuses a message that cannot be WeChat's, before its body is there.
pub(crate) fn refuse_early(request: &ServiceRequest) -> Result<(), ApiError> {
    let path = request.path().trim_start_matches('/');
    let app = path.strip_prefix("wechat/events/");
    match (app, request.app_data::<Data<PushInboxes>>()) {
        (Some(app), Some(inboxes)) => inboxes.refuse_early(app, request.request()),
        _ => Ok(()),
    }
}
