//! Ids: ours (UUID version 7) and WeChat's (opaque text).

use std::fmt;

use uuid::Uuid;

/// Declares opaque texts, which are compared and never taken apart, as WeChat's identifiers are. They
/// are cheap to clone, since the copies share the text.
macro_rules! opaque_texts {
    ($($(#[$doc:meta])* $name:ident,)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub struct $name(::std::sync::Arc<str>);

        impl $name {
            /// Takes the text as it is.
            pub fn new(text: impl Into<::std::sync::Arc<str>>) -> Self {
                Self(text.into())
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

pub(crate) use opaque_texts;

opaque_texts! {
    /// A mini program (`appid`): `wx` and 16 hex digits.
    AppId,
    /// A user as one mini program sees them (`openid`). Unique per user **and** app.
    OpenId,
    /// A user as all apps of one Open Platform account see them (`unionid`).
    UnionId,
    /// The operator's name for a WeChat Open Platform account (开放平台账号). Apps that share it
    /// share their users' [`UnionId`]s.
    OpenPlatform,
}

/// Declares identifiers of ours: UUIDs version 7, so that newer ones sort later.
macro_rules! own_ids {
    ($($(#[$doc:meta])* $name:ident,)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub struct $name(Uuid);

        impl $name {
            pub const fn new(uuid: Uuid) -> Self {
                Self(uuid)
            }

            pub const fn as_uuid(&self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

own_ids! {
    /// A person, across all their identities: `userId`, the token's `sub`.
    UserId,
    /// One login of a user: the token's `sid`.
    SessionId,
}
