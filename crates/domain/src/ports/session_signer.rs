//! Port: signatures by a session_key.

use crate::secret::SessionKey;

/// Signs texts as WeChat's virtual payment (虚拟支付), game coins and store payment want it.
pub trait SessionSigner: Send + Sync {
    /// The signature of `text` by `session_key`, in lower-case hex. The text is signed byte for
    /// byte. An empty text must not get here: its signature is a credential that WeChat gives a
    /// new session_key for.
    fn sign(&self, session_key: &SessionKey, text: &[u8]) -> String;
}
