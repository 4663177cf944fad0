//! The push relay: WeChat's messages for other services of the team, over HTTP with the headers of
//! Standard Webhooks (<https://www.standardwebhooks.com>).

mod delivery;
mod target;
mod webhook;

pub(crate) use delivery::Delivery;
pub(crate) use target::{HttpPushTarget, target_client};
pub(crate) use webhook::WebhookSecret;
