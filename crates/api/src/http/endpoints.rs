//! The endpoints: a file for each path or group of paths.

pub(crate) mod admin;
pub(crate) mod auth;
pub(crate) mod avatars;
mod document;
pub(crate) mod login;
mod login_body;
mod me;
mod personal_data;
pub(crate) mod push;
mod refresh;
mod sessions;
mod well_known;

use super::endpoint::Endpoint;

/// The endpoints that need no API key. The router tries them in this order, so the busiest come first.
pub(super) const OPEN: &[&[Endpoint]] = &[
    me::ENDPOINTS,
    auth::verify::ENDPOINTS,
    login::ENDPOINTS,
    refresh::ENDPOINTS,
    sessions::ENDPOINTS,
    avatars::ENDPOINTS,
    personal_data::ENDPOINTS,
    well_known::ENDPOINTS,
    push::receive::ENDPOINTS,
    document::ENDPOINTS,
];

pub(super) const FOR_KEYS: &[&[Endpoint]] = &[
    auth::introspect::ENDPOINTS,
    auth::wechat_token::ENDPOINTS,
    auth::wechat_signature::ENDPOINTS,
    admin::users::ENDPOINTS,
    admin::merges::ENDPOINTS,
    admin::bans::ENDPOINTS,
    admin::audit::ENDPOINTS,
    admin::push::ENDPOINTS,
];
