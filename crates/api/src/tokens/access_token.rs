//! The access token: a JWT (RFC 7519) that other backends can verify offline.

use aws_lc_rs::error::Unspecified;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::id::SessionId;
use domain::ports::{AccessGrant, SessionGrant, TokenError};
use domain::secret::AccessToken;
use domain::session::Generation;
use domain::time::{Timestamp, after};
use jsonwebtoken::{Validation, decode, decode_header};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::verified::Verified;
use super::{LiveKeys, SigningKey, TokenPolicy};

/// What the token says. `sid`, `app` and `gen` are ours; the others are of RFC 7519.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Claims {
    /// Who issued it.
    pub iss: String,
    /// The user.
    pub sub: Uuid,
    /// For whom it is (RFC 7519, section 4.1.3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aud: Option<Audience>,
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

/// For whom a token is: one as text, several as a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    /// These; `None` without any.
    pub(crate) fn of(names: &[String]) -> Option<Self> {
        match names {
            [] => None,
            [one] => Some(Self::One(one.clone())),
            several => Some(Self::Several(several.to_vec())),
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub(super) enum SignError {
    #[error("the claims cannot be written")]
    Claims(#[from] serde_json::Error),
    #[error("the key does not sign")]
    Key(#[from] Unspecified),
}

/// A token in the compact form (RFC 7515, section 3.1): header, claims and signature, each in
/// base64url. Written here and not by `jsonwebtoken`, which would parse the key and derive its
/// public half anew for each token, at the price of a second signature. What is written here is
/// read by `jsonwebtoken` below.
pub(super) fn sign(
    key: &SigningKey,
    policy: &TokenPolicy,
    grant: &AccessGrant,
    now: Timestamp,
) -> Result<(AccessToken, Verified), SignError> {
    let claims = Claims {
        iss: policy.issuer.clone(),
        aud: policy.audience.clone(),
        sub: grant.user_id.as_uuid(),
        iat: now.as_second(),
        exp: after(now, policy.access_ttl).as_second(),
        jti: URL_SAFE_NO_PAD.encode(rand::random::<[u8; 12]>()),
        sid: grant.session_id.as_uuid(),
        app: grant.app_id.as_str().to_owned(),
        generation: grant.generation.number(),
    };
    let mut token = key.header.clone();
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(serde_json::to_vec(&claims)?, &mut token);
    let signature = key.pair.sign(token.as_bytes())?;
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    Ok((AccessToken::new(token), verified(&claims, key)))
}

/// The claims of a token of ours, which may have expired.
pub(super) fn read(
    keys: &LiveKeys,
    issuer: &str,
    token: &AccessToken,
) -> Result<(Claims, Verified), TokenError> {
    let kid = decode_header(token.expose())
        .ok()
        .and_then(|header| header.kid);
    let key = kid
        .and_then(|kid| keys.find(|key| key.kid == kid))
        .ok_or(TokenError::Invalid)?;
    let mut rules = Validation::new(key.pair.algorithm());
    rules.set_issuer(&[issuer]);
    // The time is compared in `Verified::at`: it comes through the Clock port.
    rules.validate_exp = false;
    // Tokens from before a change of `tokens.audience` are as good as before.
    rules.validate_aud = false;
    let token = decode::<Claims>(token.expose(), &key.verifying, &rules);
    let claims = token.map_err(|_| TokenError::Invalid)?.claims;
    let verified = verified(&claims, key);
    Ok((claims, verified))
}

fn verified(claims: &Claims, key: &SigningKey) -> Verified {
    Verified {
        grant: SessionGrant {
            session_id: SessionId::new(claims.sid),
            generation: Generation::new(claims.generation),
        },
        expires_at: claims.exp,
        key: key.id,
    }
}
