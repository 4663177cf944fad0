//! The key our tokens are made with.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use aws_lc_rs::hmac::{self, HMAC_SHA256};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{DecodingKey, EncodingKey};
use zeroize::Zeroizing;

/// An Ed25519 key pair with its name, and the key of the refresh tokens that go with it.
pub struct SigningKey {
    pub(super) kid: String,
    pub(super) signing: EncodingKey,
    pub(super) verifying: DecodingKey,
    pub(super) refresh: hmac::Key,
}

impl SigningKey {
    /// The key that belongs to a master secret: the same on every replica that has it.
    ///
    /// # Errors
    /// If the cryptographic library refuses.
    pub fn derive(master: &[u8]) -> Result<Self, Unspecified> {
        let seed = expand(master, b"signing key")?;
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.as_slice())?;
        let public = pair.public_key().as_ref();
        let fingerprint = digest(&SHA256, public);
        let (kid, _) = fingerprint.as_ref().split_at(12);
        Ok(Self {
            kid: URL_SAFE_NO_PAD.encode(kid),
            signing: EncodingKey::from_ed_der(pair.to_pkcs8()?.as_ref()),
            verifying: DecodingKey::from_ed_der(public),
            refresh: hmac::Key::new(HMAC_SHA256, expand(master, b"refresh token")?.as_slice()),
        })
    }
}

/// 32 bytes for one purpose (HKDF, RFC 5869).
fn expand(master: &[u8], purpose: &[u8]) -> Result<Zeroizing<[u8; 32]>, Unspecified> {
    let mut bytes = Zeroizing::new([0; 32]);
    Salt::new(HKDF_SHA256, b"wxlogin")
        .extract(master)
        .expand(&[purpose], HKDF_SHA256)?
        .fill(bytes.as_mut())?;
    Ok(bytes)
}
