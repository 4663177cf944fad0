//! What is called: a file for each path, or for some that belong together.

pub(crate) mod admin;
pub(crate) mod auth;
pub(crate) mod avatars;
pub(crate) mod document;
pub(crate) mod jwks;
pub(crate) mod login;
mod login_body;
pub(crate) mod me;
pub(crate) mod metadata;
pub(crate) mod page;
pub(crate) mod personal_data;
pub(crate) mod push;
pub(crate) mod refresh;
pub(crate) mod sessions;
