//! Extractors: values that handlers read from a request.

pub(crate) mod admin_query;
pub(crate) mod api_key;
pub(crate) mod bearer;
pub(crate) mod client_address;
pub(crate) mod fields;
pub(crate) mod gateway;
pub(crate) mod json_object;
mod key_guesses;
pub(crate) mod login_limit;
pub(crate) mod paging;
pub(crate) mod parameters;
pub(crate) mod path_id;
pub(crate) mod raw_body;
pub(crate) mod who;
