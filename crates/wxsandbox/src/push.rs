//! Message push: WeChat calls the developer's server
//! (<https://developers.weixin.qq.com/miniprogram/dev/framework/server-ability/message-push.html>).

mod envelope;
mod events;
mod send;

pub(crate) use self::send::{deliver, verify};
pub use self::{
    events::UserDataEvent,
    send::{Attempt, Delivery},
};
