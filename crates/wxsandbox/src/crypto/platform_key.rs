//! The platform's RSA key, which signs answers to signed calls.

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PSS_SHA256};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The key could not be made or used: a bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the platform's RSA key cannot be made or used; this is a bug of the sandbox")]
pub(crate) struct PlatformKeyError;

/// An RSA key of 2048 bits, made when it is first needed. It is not derived from the seed.
pub(crate) struct PlatformKey(KeyPair);

impl PlatformKey {
    pub(crate) fn generate() -> Result<Self, PlatformKeyError> {
        let pair = KeyPair::generate(KeySize::Rsa2048);
        pair.map(Self).map_err(|_| PlatformKeyError)
    }

    /// RSASSA-PSS with SHA-256 and a salt of 32 bytes, in base64.
    pub(crate) fn sign(&self, text: &str) -> Result<String, PlatformKeyError> {
        let mut signature = vec![0; self.0.public_modulus_len()];
        let rng = SystemRandom::new();
        (self.0)
            .sign(&RSA_PSS_SHA256, &rng, text.as_bytes(), &mut signature)
            .map_err(|_| PlatformKeyError)?;
        Ok(STANDARD.encode(signature))
    }

    /// The public half in PEM (`BEGIN PUBLIC KEY`).
    pub(crate) fn public_pem(&self) -> Result<String, PlatformKeyError> {
        let der: PublicKeyX509Der<'_> =
            (self.0.public_key().as_der()).map_err(|_| PlatformKeyError)?;
        let text = STANDARD.encode(der.as_ref());
        let mut pem = String::from("-----BEGIN PUBLIC KEY-----\n");
        let mut rest = text.as_str();
        while !rest.is_empty() {
            let (line, tail) = rest.split_at(rest.len().min(64));
            pem.push_str(line);
            pem.push('\n');
            rest = tail;
        }
        pem.push_str("-----END PUBLIC KEY-----\n");
        Ok(pem)
    }
}
