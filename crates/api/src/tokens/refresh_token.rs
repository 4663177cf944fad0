//! The refresh token: which session and generation, until when, and a MAC over it. It cannot be
//! made from what the database holds without the master key.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::id::SessionId;
use domain::ports::{AccessGrant, SessionGrant};
use domain::secret::RefreshToken;
use domain::session::Generation;
use domain::time::Timestamp;
use uuid::Uuid;

use super::{LiveKeys, SigningKey};

/// The layout of the bytes below, so that it can change.
const VERSION: u8 = 1;

/// Bytes before the MAC.
const BODY: usize = 1 + 4 + 16 + 4 + 8 + 8;

/// Bytes: version 1, tag of the key 4, session 16, generation 4, expiry 8 (unix seconds), random
/// 8 (no two tokens are alike), MAC 32; big endian.
pub(super) fn make(key: &SigningKey, grant: &AccessGrant, expires_at: Timestamp) -> RefreshToken {
    let mut bytes = vec![VERSION];
    bytes.extend_from_slice(&key.tag);
    bytes.extend_from_slice(grant.session_id.as_uuid().as_bytes());
    bytes.extend_from_slice(&grant.generation.number().to_be_bytes());
    bytes.extend_from_slice(&expires_at.as_second().to_be_bytes());
    bytes.extend_from_slice(&rand::random::<[u8; 8]>());
    let mac = hmac::sign(&key.refresh, &bytes);
    bytes.extend_from_slice(mac.as_ref());
    RefreshToken::new(URL_SAFE_NO_PAD.encode(bytes))
}

/// What the token says; `None` if it is not ours, was changed, or is too old.
pub(super) fn read(keys: &LiveKeys, token: &RefreshToken, now: Timestamp) -> Option<SessionGrant> {
    let bytes = URL_SAFE_NO_PAD.decode(token.expose()).ok()?;
    let (body, mac) = bytes.split_at_checked(BODY)?;
    let (version, rest) = body.split_first()?;
    let (tag, rest) = rest.split_first_chunk::<4>()?;
    let key = keys.find(|key| key.tag == *tag)?;
    hmac::verify(&key.refresh, body, mac).ok()?;
    let (session, rest) = rest.split_first_chunk::<16>()?;
    let (generation, rest) = rest.split_first_chunk::<4>()?;
    let (expires_at, _) = rest.split_first_chunk::<8>()?;
    let is_good = *version == VERSION && now.as_second() < i64::from_be_bytes(*expires_at);
    is_good.then(|| SessionGrant {
        session_id: SessionId::new(Uuid::from_bytes(*session)),
        generation: Generation::new(u32::from_be_bytes(*generation)),
    })
}
