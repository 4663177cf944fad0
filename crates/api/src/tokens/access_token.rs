//! The access token: a JWT (RFC 7519) that other backends can verify offline.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::id::{AppId, SessionId, UserId};
use domain::ports::{AccessGrant, AccessTokenError};
use domain::secret::AccessToken;
use domain::session::Generation;
use domain::time::{Timestamp, after};
use jsonwebtoken::errors::Error;
use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{KeyRing, SigningKey};

/// What the token says. `sid`, `app` and `gen` are ours; the others are of RFC 7519.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Claims {
    /// Who issued it.
    pub iss: String,
    /// The user.
    pub sub: Uuid,
    /// When it was issued, unix seconds.
    pub iat: i64,
    /// When it expires, unix seconds.
    pub exp: i64,
    /// Its own name.
    pub jti: String,
    /// The session.
    pub sid: Uuid,
    /// The mini program the user logged in to.
    pub app: String,
    /// The generation of the pair this token is of.
    #[serde(rename = "gen")]
    pub generation: u32,
}

pub(super) fn sign(
    key: &SigningKey,
    issuer: &str,
    grant: &AccessGrant,
    now: Timestamp,
    ttl: Duration,
) -> Result<AccessToken, Error> {
    let claims = Claims {
        iss: issuer.to_owned(),
        sub: grant.user_id.as_uuid(),
        iat: now.as_second(),
        exp: after(now, ttl).as_second(),
        jti: URL_SAFE_NO_PAD.encode(rand::random::<[u8; 12]>()),
        sid: grant.session_id.as_uuid(),
        app: grant.app_id.as_str().to_owned(),
        generation: grant.generation.number(),
    };
    let header = Header {
        kid: Some(key.kid.clone()),
        ..Header::new(Algorithm::EdDSA)
    };
    encode(&header, &claims, &key.signing).map(AccessToken::new)
}

/// The claims of a token of ours that is still good.
pub(super) fn read(
    keys: &KeyRing,
    issuer: &str,
    token: &AccessToken,
    now: Timestamp,
) -> Result<Claims, AccessTokenError> {
    let kid = decode_header(token.expose())
        .ok()
        .and_then(|header| header.kid);
    let key = kid
        .and_then(|kid| keys.of_kid(&kid))
        .ok_or(AccessTokenError::Invalid)?;
    let mut rules = Validation::new(Algorithm::EdDSA);
    rules.set_issuer(&[issuer]);
    // The time is compared below: it comes through the Clock port, and there is no leeway for
    // the tokens of one's own.
    rules.validate_exp = false;
    rules.validate_aud = false;
    let token = decode::<Claims>(token.expose(), &key.verifying, &rules);
    let claims = token.map_err(|_| AccessTokenError::Invalid)?.claims;
    if claims.exp <= now.as_second() {
        return Err(AccessTokenError::Expired);
    }
    Ok(claims)
}

impl From<Claims> for AccessGrant {
    fn from(claims: Claims) -> Self {
        Self {
            user_id: UserId::new(claims.sub),
            session_id: SessionId::new(claims.sid),
            app_id: AppId::new(claims.app),
            generation: Generation::new(claims.generation),
        }
    }
}
