//! Message push: WeChat calls the developer's server
//! (<https://developers.weixin.qq.com/miniprogram/dev/framework/server-ability/message-push.html>).

mod envelope;
mod events;
mod notices;
mod payment;
mod send;

pub use self::events::UserDataEvent;
pub(crate) use self::notices::keep_sending;
pub(crate) use self::payment::{paid, refunded};
pub use self::send::{Attempt, Delivery};
pub(crate) use self::send::{deliver, verify};
