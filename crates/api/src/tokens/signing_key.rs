//! A key that our tokens are made with.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use aws_lc_rs::hmac::{self, HMAC_SHA256};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ports::StoredSigningKey;
use domain::time::Timestamp;
use jsonwebtoken::{DecodingKey, EncodingKey};
use zeroize::Zeroizing;

/// An Ed25519 key pair with its name, and the key of the refresh tokens that go with it.
pub struct SigningKey {
    /// The name: the beginning of the public key's SHA-256, base64url.
    pub(super) kid: String,
    pub(super) made_at: Timestamp,
    pub(super) signing: EncodingKey,
    pub(super) verifying: DecodingKey,
    /// The public key, base64url (RFC 8037, section 2: `x`).
    pub(super) public: String,
    pub(super) refresh: hmac::Key,
    /// Which key a refresh token is of.
    pub(super) tag: [u8; 4],
}

impl SigningKey {
    /// The key that a stored seed stands for.
    ///
    /// # Errors
    /// If the cryptographic library refuses.
    pub fn new(stored: &StoredSigningKey) -> Result<Self, Unspecified> {
        let pair =
            Ed25519KeyPair::from_seed_unchecked(expand(&stored.seed, b"signing key")?.as_slice())?;
        let public = pair.public_key().as_ref();
        let fingerprint = digest(&SHA256, public);
        let (kid, _) = fingerprint.as_ref().split_at(12);
        let (tag, _) = fingerprint
            .as_ref()
            .split_first_chunk()
            .ok_or(Unspecified)?;
        Ok(Self {
            kid: URL_SAFE_NO_PAD.encode(kid),
            made_at: stored.created_at,
            signing: EncodingKey::from_ed_der(pair.to_pkcs8()?.as_ref()),
            verifying: DecodingKey::from_ed_der(public),
            public: URL_SAFE_NO_PAD.encode(public),
            refresh: hmac::Key::new(
                HMAC_SHA256,
                expand(&stored.seed, b"refresh token")?.as_slice(),
            ),
            tag: *tag,
        })
    }
}

/// 32 bytes for one purpose (HKDF, RFC 5869).
fn expand(seed: &[u8; 32], purpose: &[u8]) -> Result<Zeroizing<[u8; 32]>, Unspecified> {
    let mut bytes = Zeroizing::new([0; 32]);
    Salt::new(HKDF_SHA256, b"wxlogin")
        .extract(seed)
        .expand(&[purpose], HKDF_SHA256)?
        .fill(bytes.as_mut())?;
    Ok(bytes)
}
