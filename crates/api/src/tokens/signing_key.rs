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
use jsonwebtoken::{Algorithm, DecodingKey, Header};
use zeroize::Zeroizing;

/// Which key it is: the beginning of the public key's SHA-256.
pub(super) type KeyId = [u8; 12];

/// An Ed25519 key pair with its name, and the key of the refresh tokens that go with it.
pub struct SigningKey {
    pub(super) id: KeyId,
    /// The id in base64url.
    pub(super) kid: String,
    pub(super) made_at: Timestamp,
    pub(super) signing: Ed25519KeyPair,
    /// The header of all tokens it signs (RFC 7515, section 4), base64url.
    pub(super) header: String,
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
        let public = pair.public_key().as_ref().to_vec();
        let fingerprint = digest(&SHA256, &public);
        let id: &KeyId = fingerprint.as_ref().first_chunk().ok_or(Unspecified)?;
        let tag = id.first_chunk().ok_or(Unspecified)?;
        let kid = URL_SAFE_NO_PAD.encode(id);
        Ok(Self {
            id: *id,
            header: header(&kid).ok_or(Unspecified)?,
            kid,
            made_at: stored.created_at,
            signing: pair,
            verifying: DecodingKey::from_ed_der(&public),
            public: URL_SAFE_NO_PAD.encode(public),
            refresh: hmac::Key::new(
                HMAC_SHA256,
                expand(&stored.seed, b"refresh token")?.as_slice(),
            ),
            tag: *tag,
        })
    }
}

fn header(kid: &str) -> Option<String> {
    let header = Header {
        kid: Some(kid.to_owned()),
        ..Header::new(Algorithm::EdDSA)
    };
    let json = serde_json::to_vec(&header).ok()?;
    Some(URL_SAFE_NO_PAD.encode(json))
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
