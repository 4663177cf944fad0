//! The refresh token: which session and generation, until when, and a MAC over it. It cannot be
//! made from what the database holds.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ports::AccessGrant;
use domain::secret::RefreshToken;
use domain::time::Timestamp;

use super::SigningKey;

/// The layout of the bytes below, so that it can change.
const VERSION: u8 = 1;

/// Bytes: version 1, session 16, generation 4, expiry 8 (unix seconds), MAC 32; big endian.
pub(super) fn make(key: &SigningKey, grant: &AccessGrant, expires_at: Timestamp) -> RefreshToken {
    let mut bytes = vec![VERSION];
    bytes.extend_from_slice(grant.session_id.as_uuid().as_bytes());
    bytes.extend_from_slice(&grant.generation.number().to_be_bytes());
    bytes.extend_from_slice(&expires_at.as_second().to_be_bytes());
    let mac = hmac::sign(&key.refresh, &bytes);
    bytes.extend_from_slice(mac.as_ref());
    RefreshToken::new(URL_SAFE_NO_PAD.encode(bytes))
}
