//! Signatures one can read.

use crate::ports::SessionSigner;
use crate::secret::SessionKey;

/// A [`SessionSigner`] whose signature is the session_key and the text.
#[derive(Default)]
pub struct PlainSigner;

impl SessionSigner for PlainSigner {
    fn sign(&self, session_key: &SessionKey, text: &[u8]) -> String {
        format!(
            "{}: {}",
            session_key.expose(),
            String::from_utf8_lossy(text)
        )
    }
}
