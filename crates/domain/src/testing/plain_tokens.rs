//! Readable tokens.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use uuid::Uuid;

use crate::id::SessionId;
use crate::ports::{
    AccessGrant, AccessTokenError, RefreshTokenError, SessionGrant, TokenIssueError, TokenIssuer,
    TokenPair,
};
use crate::secret::{AccessToken, RefreshToken};
use crate::session::Generation;
use crate::time::{Duration, Timestamp, after};

/// A [`TokenIssuer`] whose tokens are plain text, neither signed nor secret.
#[derive(Default)]
pub struct PlainTokens {
    issued: AtomicU64,
    has_no_key: AtomicBool,
}

impl PlainTokens {
    /// From now on there is a key to sign with, or none.
    pub fn set_key(&self, is_there: bool) {
        self.has_no_key.store(!is_there, Ordering::SeqCst);
    }
}

/// How long its access tokens live.
const TTL: Duration = Duration::from_mins(15);

impl TokenIssuer for PlainTokens {
    fn can_issue(&self) -> Result<(), TokenIssueError> {
        if self.has_no_key.load(Ordering::SeqCst) {
            return Err(TokenIssueError::NoKey);
        }
        Ok(())
    }

    fn issue(&self, grant: &AccessGrant, now: Timestamp) -> Result<TokenPair, TokenIssueError> {
        self.can_issue()?;
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
    ) -> Result<SessionGrant, AccessTokenError> {
        read(token.expose(), now)
    }

    fn read_refresh(
        &self,
        token: &RefreshToken,
        now: Timestamp,
    ) -> Result<SessionGrant, RefreshTokenError> {
        let text = token
            .expose()
            .strip_prefix("refresh ")
            .ok_or(RefreshTokenError::Invalid)?;
        read(text, now).map_err(|_| RefreshTokenError::Invalid)
    }
}

fn read(text: &str, now: Timestamp) -> Result<SessionGrant, AccessTokenError> {
    let fields: Vec<&str> = text.split(' ').collect();
    let [_user, session, _app, generation, expires, _serial] = fields[..] else {
        return Err(AccessTokenError::Invalid);
    };
    let number = |text: &str| text.parse::<i64>().map_err(|_| AccessTokenError::Invalid);
    let uuid = |text: &str| text.parse::<Uuid>().map_err(|_| AccessTokenError::Invalid);
    if number(expires)? <= now.as_second() {
        return Err(AccessTokenError::Expired);
    }
    let generation = u32::try_from(number(generation)?).map_err(|_| AccessTokenError::Invalid)?;
    Ok(SessionGrant {
        session_id: SessionId::new(uuid(session)?),
        generation: Generation::new(generation),
    })
}
