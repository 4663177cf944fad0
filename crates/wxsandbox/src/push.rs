//! Message push: WeChat calls the developer's server
//! (<https://developers.weixin.qq.com/miniprogram/dev/framework/server-ability/message-push.html>).

mod envelope;
mod events;
mod send;

pub use self::events::UserDataEvent;
pub use self::send::{Attempt, Delivery};
pub(crate) use self::send::{deliver, verify};
