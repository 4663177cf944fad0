//! Replies: successes, failures, and types that several endpoints share.

/// Declares the types of replies: each field once, beside what it is made from. One with `?` is left out
/// where it is `None`.
macro_rules! replies {
    ($(
        $(#[$attribute:meta])*
        $visibility:vis $reply:ident$(<$life:lifetime>)? from $source:tt: $from:ty {
            $($(#[$note:meta])* $field:ident $(?: $optional:ty)? $(: $type:ty)? = $value:expr,)+
        }
    )+) => {$(
        $(#[$attribute])*
        #[derive(serde::Serialize, utoipa::ToSchema)]
        #[serde(rename_all = "camelCase")]
        $visibility struct $reply$(<$life>)? {
            $(
                $(#[$note])*
                $($field: $type,)?
                $(#[serde(skip_serializing_if = "Option::is_none")] $field: Option<$optional>,)?
            )+
        }

        impl$(<$life>)? From<$from> for $reply$(<$life>)? {
            fn from($source: $from) -> Self {
                Self {
                    $($field: $value,)+
                }
            }
        }
    )+};
}

mod account;
mod error;
mod error_code;
pub(crate) mod failure_body;
mod success;
mod user;

pub(crate) use account::{AccountReply, ExportReply};
pub(crate) use error::ApiError;
pub use error_code::ErrorCode;
pub(crate) use replies;
pub(crate) use success::{Answer, Items, Nothing, Success, Written};
pub(crate) use user::{IdentityNames, ProfileFields, UserReply};
