//! Secrets as types: they show `[REDACTED]` in `Debug`, have no `Display`, and are wiped from
//! memory when dropped.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::id::AppId;

macro_rules! secret_texts {
    ($($(#[$doc:meta])* $name:ident,)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name(SecretString);

        impl $name {
            /// Takes the text as it is.
            pub fn new(text: impl Into<String>) -> Self {
                Self(SecretString::from(text.into()))
            }

            /// The text itself. Every call is a place where the secret could get out.
            pub fn expose(&self) -> &str {
                self.0.expose_secret()
            }
        }
    )*};
}

secret_texts! {
    /// WeChat's `session_key`, as the base64 text WeChat gave (16 bytes in 24 characters).
    /// It opens a user's encrypted data and never leaves the server.
    SessionKey,
    /// The one-time code of `wx.login`. Anyone who has it can log in as the user for 5 minutes.
    LoginCode,
    /// A random text the client makes for one login, to prove that a repeat of the request
    /// comes from the same phone.
    LoginNonce,
    /// The one-time code of the button `getPhoneNumber`; not a login code.
    PhoneCode,
    /// A signed token that lets its holder act as the user for some minutes.
    AccessToken,
    /// WeChat's access_token (接口调用凭据): anyone who has it can act as the app.
    WechatToken,
    /// A token that is exchanged for the next pair of tokens.
    RefreshToken,
}

/// SHA-256 of a secret, the only form in which one-time secrets are kept.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    /// Hash of a login code. Bound to the app, because a code means nothing without it.
    pub fn of_code(app: &AppId, code: &LoginCode) -> Self {
        let mut hash = Sha256::new();
        for part in ["code", app.as_str(), code.expose()] {
            hash.update(part);
            hash.update([0]);
        }
        Self(hash.finalize().into())
    }

    /// Hash of a login's nonce. Bound to its code's hash, so that equal nonces do not show.
    pub fn of_nonce(code: &SecretHash, nonce: &LoginNonce) -> Self {
        let mut hash = Sha256::new();
        hash.update(code.0);
        hash.update(nonce.expose().as_bytes());
        Self(hash.finalize().into())
    }

    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_never_shows_a_secret() {
        let session_key = SessionKey::new("tiihtNczf5v6AKRyjwEUhQ==");
        let shown = format!("{session_key:?} {:?}", LoginCode::new("0a1b2c"));
        for secret in ["tiih", "0a1b2c"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }

    #[test]
    fn the_same_code_in_two_apps_hashes_differently() {
        let code = LoginCode::new("021ByuFs0fNXie1T5lJs0IwBFs0ByuF1");
        let one = SecretHash::of_code(&AppId::new("wx01"), &code);
        let other = SecretHash::of_code(&AppId::new("wx02"), &code);
        assert_ne!(one, other);
    }
}
