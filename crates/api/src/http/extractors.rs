//! Extractors: values that handlers read from a request.

/// Makes an extractor of a type: what a function reads from the head of a request.
macro_rules! extractor {
    ($type:ty $(where $right:ident: $bound:ident)?, $read:expr) => {
        impl $(<$right: $bound>)? actix_web::FromRequest for $type {
            type Error = $crate::http::replies::ApiError;
            type Future = std::future::Ready<Result<Self, Self::Error>>;

            fn from_request(
                request: &actix_web::HttpRequest,
                _: &mut actix_web::dev::Payload,
            ) -> Self::Future {
                let read: fn(&actix_web::HttpRequest) -> Result<Self, Self::Error> = $read;
                std::future::ready(read(request))
            }
        }
    };
}

pub(crate) mod admin_query;
pub(crate) mod api_key;
pub(crate) mod client_address;
pub(crate) mod fields;
pub(crate) mod gateway;
pub(crate) mod json_object;
mod key_guesses;
mod limits;
mod paging;
mod parameters;
mod raw_body;
mod who;

pub(crate) use api_key::{ApiKeys, ByKey, Credentials, Desk, Read, Sign, Write};
pub(crate) use client_address::TrustedProxies;
pub(crate) use extractor;
pub(crate) use gateway::Gateway;
pub(crate) use json_object::{ExactText, JsonObject, OptionalJsonObject, TypedText};
pub(crate) use limits::{InTime, Limit, LoginLimit};
pub(crate) use paging::Paging;
pub(crate) use parameters::{Parameters, PathId};
pub(crate) use raw_body::RawBody;
pub(crate) use who::{Who, bearer};
