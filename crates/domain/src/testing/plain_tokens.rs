//! Readable tokens.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::ports::{
    AccessGrant, SessionGrant, TokenError, TokenIssueError, TokenIssuer, TokenPair, TokenResult,
};
use crate::secret::{AccessToken, RefreshToken};
use crate::time::{Duration, Timestamp, after};

/// A [`TokenIssuer`] whose tokens are numbers, neither signed nor secret.
#[derive(Default)]
pub struct PlainTokens {
    /// What each pair was issued for, and when it expires.
    issued: Mutex<Vec<(SessionGrant, Timestamp)>>,
    has_no_key: AtomicBool,
}

/// How long its access tokens live.
const TTL: Duration = Duration::from_mins(15);

impl PlainTokens {
    /// From now on there is a key to sign with, or none.
    pub fn set_key(&self, is_there: bool) {
        self.has_no_key.store(!is_there, Ordering::SeqCst);
    }

    fn read(&self, number: Option<&str>, now: Timestamp) -> TokenResult<SessionGrant> {
        let issued = self.issued.lock().unwrap();
        let number = number.and_then(|number| number.parse::<usize>().ok());
        match number.and_then(|number| issued.get(number)) {
            None => Err(TokenError::Invalid),
            Some((_, expires)) if *expires <= now => Err(TokenError::Expired),
            Some((grant, _)) => Ok(*grant),
        }
    }
}

impl TokenIssuer for PlainTokens {
    fn can_issue(&self) -> Result<(), TokenIssueError> {
        if self.has_no_key.load(Ordering::SeqCst) {
            return Err(TokenIssueError::NoKey);
        }
        Ok(())
    }

    fn issue(&self, grant: &AccessGrant, now: Timestamp) -> Result<TokenPair, TokenIssueError> {
        self.can_issue()?;
        let mut issued = self.issued.lock().unwrap();
        let number = issued.len();
        let grant = SessionGrant {
            session_id: grant.session_id,
            generation: grant.generation,
        };
        issued.push((grant, after(now, TTL)));
        Ok(TokenPair {
            access: AccessToken::new(format!("access {number}")),
            access_ttl: TTL,
            refresh: RefreshToken::new(format!("refresh {number}")),
            refresh_ttl: TTL * 100,
        })
    }

    fn read_access(&self, token: &AccessToken, now: Timestamp) -> TokenResult<SessionGrant> {
        self.read(token.expose().strip_prefix("access "), now)
    }

    fn read_refresh(&self, token: &RefreshToken, now: Timestamp) -> TokenResult<SessionGrant> {
        self.read(token.expose().strip_prefix("refresh "), now)
    }
}
