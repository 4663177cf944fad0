//! Access tokens (JWT, EdDSA) and refresh tokens (random, stored as their hash).

use anyhow::Context;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How long an access token and a refresh token live, in seconds; as wxlogin's.
pub(crate) const ACCESS_TTL_S: i64 = 900;
pub(crate) const REFRESH_TTL_S: i64 = 30 * 24 * 3600;

pub(crate) struct Tokens {
    header: Header,
    signing: EncodingKey,
    verifying: DecodingKey,
    validation: Validation,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Claims {
    pub(crate) sub: Uuid,
    pub(crate) sid: Uuid,
    pub(crate) iat: i64,
    pub(crate) exp: i64,
}

impl Tokens {
    /// With a new key, which dies with the process.
    pub(crate) fn new() -> anyhow::Result<Tokens> {
        let pair = Ed25519KeyPair::generate().context("making the signing key")?;
        let pkcs8 = pair.to_pkcs8().context("encoding the signing key")?;
        Ok(Tokens {
            header: Header::new(Algorithm::EdDSA),
            signing: EncodingKey::from_ed_der(pkcs8.as_ref()),
            verifying: DecodingKey::from_ed_der(pair.public_key().as_ref()),
            validation: Validation::new(Algorithm::EdDSA),
        })
    }

    pub(crate) fn sign(
        &self,
        user: Uuid,
        session: Uuid,
        now: DateTime<Utc>,
    ) -> Result<String, jsonwebtoken::errors::Error> {
        let iat = now.timestamp();
        let claims = Claims {
            sub: user,
            sid: session,
            iat,
            exp: iat + ACCESS_TTL_S,
        };
        jsonwebtoken::encode(&self.header, &claims, &self.signing)
    }

    pub(crate) fn verify(&self, token: &str) -> Result<Claims, jsonwebtoken::errors::Error> {
        jsonwebtoken::decode(token, &self.verifying, &self.validation).map(|token| token.claims)
    }
}

/// A refresh token and what is stored of it.
pub(crate) struct RefreshToken {
    pub(crate) text: String,
    pub(crate) hash: Vec<u8>,
}

impl RefreshToken {
    pub(crate) fn generate() -> Result<RefreshToken, aws_lc_rs::error::Unspecified> {
        let mut bytes = [0; 32];
        rand::fill(&mut bytes)?;
        let text = URL_SAFE_NO_PAD.encode(bytes);
        let hash = hash(&text);
        Ok(RefreshToken { text, hash })
    }
}

pub(crate) fn hash(refresh_token: &str) -> Vec<u8> {
    digest(&SHA256, refresh_token.as_bytes()).as_ref().to_vec()
}
