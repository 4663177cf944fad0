//! A key that signs tokens.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use aws_lc_rs::hmac::{self, HMAC_SHA256};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ports::{SigningAlgorithm, SigningSecret};
use jsonwebtoken::{Algorithm, DecodingKey, Header};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::jwk::Jwk;
use super::key_pair::KeyPair;

/// Which key it is: the beginning of the public key's SHA-256.
pub(super) type KeyId = [u8; 12];

/// A key pair with its name, and the key of the refresh tokens that go with it.
pub(crate) struct SigningKey {
    pub(super) id: KeyId,
    /// The id in base64url.
    pub(super) kid: String,
    /// Its id in the database.
    pub(super) stored_id: Uuid,
    pub(super) algorithm: SigningAlgorithm,
    pub(super) pair: KeyPair,
    /// The header of all tokens it signs (RFC 7515, section 4), base64url.
    pub(super) header: String,
    pub(super) verifying: DecodingKey,
    pub(super) public: Jwk,
    pub(super) refresh: hmac::Key,
    /// Which key a refresh token is of.
    pub(super) tag: [u8; 4],
}

impl SigningKey {
    /// The key that a stored secret stands for.
    pub(crate) fn new(secret: &SigningSecret) -> Result<Self, Unspecified> {
        let pair = KeyPair::new(secret, &*expand(&secret.seed, b"signing key")?)?;
        let public = pair.public()?;
        let fingerprint = digest(&SHA256, &public.bytes);
        let id: &KeyId = fingerprint.as_ref().first_chunk().ok_or(Unspecified)?;
        let tag = id.first_chunk().ok_or(Unspecified)?;
        let kid = URL_SAFE_NO_PAD.encode(id);
        Ok(Self {
            id: *id,
            stored_id: secret.id,
            algorithm: secret.algorithm,
            header: header(&kid, pair.algorithm()).ok_or(Unspecified)?,
            pair,
            verifying: public.verifying,
            public: Jwk {
                kty: public.kty,
                alg: secret.algorithm.as_str(),
                usage: "sig",
                kid: kid.clone(),
                numbers: public.numbers,
            },
            kid,
            refresh: hmac::Key::new(
                HMAC_SHA256,
                expand(&secret.seed, b"refresh token")?.as_slice(),
            ),
            tag: *tag,
        })
    }
}

fn header(kid: &str, algorithm: Algorithm) -> Option<String> {
    let header = Header {
        kid: Some(kid.to_owned()),
        ..Header::new(algorithm)
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
