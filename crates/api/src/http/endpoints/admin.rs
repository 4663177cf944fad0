//! `/admin`: the support desk, for holders of an API key.

pub(super) mod audit;
pub(super) mod bans;
pub(super) mod merges;
mod phone_query;
pub(super) mod push;
pub(super) mod users;
