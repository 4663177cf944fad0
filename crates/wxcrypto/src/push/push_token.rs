//! The token that signs pushed messages.

use secrecy::{ExposeSecret, SecretString};

use super::PushError;
use crate::digest::Signature;

/// The `Token` an operator chose in WeChat's console. Anyone who has it can send messages as WeChat.
#[derive(Clone, Debug)]
pub struct PushToken(SecretString);

impl PushToken {
    /// Takes the text as it is.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(SecretString::from(text.into()))
    }

    /// Checks `signature` of an address verification (GET) or of a message in plain mode. The
    /// values are those of the query string. This signature does not cover the body.
    ///
    /// # Errors
    /// [`PushError::BadSignature`].
    pub fn verify(&self, signature: &str, timestamp: &str, nonce: &str) -> Result<(), PushError> {
        if self.sign([timestamp, nonce]).is(signature) {
            Ok(())
        } else {
            Err(PushError::BadSignature)
        }
    }

    /// WeChat's signature over the token and `parts`: sorted by their bytes and strung together.
    pub(super) fn sign<const N: usize>(&self, parts: [&str; N]) -> Signature {
        let mut sorted = vec![self.0.expose_secret()];
        sorted.extend(parts);
        sorted.sort_unstable();
        Signature::over(sorted.into_iter().map(str::as_bytes))
    }
}
