//! Tokens one can read.

use std::sync::atomic::{AtomicU64, Ordering};

use uuid::Uuid;

use crate::id::{AppId, SessionId, UserId};
use crate::ports::{
    AccessGrant, AccessTokenError, RefreshGrant, RefreshTokenError, TokenIssueError, TokenIssuer,
    TokenPair,
};
use crate::secret::{AccessToken, RefreshToken};
use crate::session::Generation;
use crate::time::{Duration, Timestamp, after};

/// A [`TokenIssuer`] whose tokens are plain text, neither signed nor secret.
#[derive(Default)]
pub struct PlainTokens {
    issued: AtomicU64,
}

/// How long its access tokens live.
const TTL: Duration = Duration::from_mins(15);

impl TokenIssuer for PlainTokens {
    fn issue(&self, grant: &AccessGrant, now: Timestamp) -> Result<TokenPair, TokenIssueError> {
        let serial = self.issued.fetch_add(1, Ordering::SeqCst);
        let text = format!(
            "{} {} {} {} {} {serial}",
            grant.user_id,
            grant.session_id,
            grant.app_id,
            grant.generation.number(),
            after(now, TTL).as_second(),
        );
        Ok(TokenPair {
            refresh: RefreshToken::new(format!("refresh {text}")),
            access: AccessToken::new(text),
            access_ttl: TTL,
            refresh_ttl: TTL * 100,
        })
    }

    fn read_access(
        &self,
        token: &AccessToken,
        now: Timestamp,
    ) -> Result<AccessGrant, AccessTokenError> {
        read(token.expose(), now)
    }

    fn read_refresh(
        &self,
        token: &RefreshToken,
        now: Timestamp,
    ) -> Result<RefreshGrant, RefreshTokenError> {
        let text = token
            .expose()
            .strip_prefix("refresh ")
            .ok_or(RefreshTokenError::Invalid)?;
        let grant = read(text, now).map_err(|_| RefreshTokenError::Invalid)?;
        Ok(RefreshGrant {
            session_id: grant.session_id,
            generation: grant.generation,
        })
    }
}

fn read(text: &str, now: Timestamp) -> Result<AccessGrant, AccessTokenError> {
    let fields: Vec<&str> = text.split(' ').collect();
    let [user, session, app, generation, expires, _serial] = fields[..] else {
        return Err(AccessTokenError::Invalid);
    };
    let number = |text: &str| text.parse::<i64>().map_err(|_| AccessTokenError::Invalid);
    let uuid = |text: &str| text.parse::<Uuid>().map_err(|_| AccessTokenError::Invalid);
    if number(expires)? <= now.as_second() {
        return Err(AccessTokenError::Expired);
    }
    let generation = u32::try_from(number(generation)?).map_err(|_| AccessTokenError::Invalid)?;
    Ok(AccessGrant {
        user_id: UserId::new(uuid(user)?),
        session_id: SessionId::new(uuid(session)?),
        app_id: AppId::new(app),
        generation: Generation::new(generation),
    })
}
