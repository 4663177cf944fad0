//! Sessions.

use crate::id::{AppId, SessionId, UserId};
use crate::time::{Duration, Timestamp, after};
use crate::user::{Identity, User};

/// One login of a user on one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub id: SessionId,
    pub user_id: UserId,
    /// The newest [`Generation`] of tokens of which something has been used.
    pub generation: Generation,
    pub created_at: Timestamp,
    /// When something of the newest generation was first used; at first, when the user logged in.
    pub last_used_at: Timestamp,
    /// When its refresh token dies if it is not used before.
    pub expires_at: Timestamp,
    /// When it ended by logout, revocation or replay; `None` while it lives.
    pub ended_at: Option<Timestamp>,
}

impl Session {
    /// Whether it can still be used at `now`.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && now < self.expires_at
    }

    /// Whether a refresh token of `generation` is still taken at `at`, although its successor has
    /// been used: it is of the generation just before the newest one, and the first use of that is
    /// less than `grace` ago.
    pub fn is_in_grace(&self, generation: Generation, at: Timestamp, grace: Duration) -> bool {
        generation.next() == self.generation
            && !grace.is_zero()
            && at < after(self.last_used_at, grace)
    }
}

/// The generation of a pair of tokens: 1 at login, one more at each refresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Generation(u32);

impl Generation {
    /// The pair a login gives.
    pub const FIRST: Self = Self(1);

    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    pub const fn number(self) -> u32 {
        self.0
    }

    /// The generation a refresh gives.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// A session with the user and the identity that opened it: what a request with a token is
/// answered from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionAccount {
    pub session: Session,
    pub user: User,
    /// The identity they logged in with.
    pub identity: Identity,
}

impl SessionAccount {
    /// Whether requests are answered at `now`: the session is live, and its user not disabled.
    pub fn is_usable(&self, now: Timestamp) -> bool {
        self.session.is_live(now) && self.user.disabled_at.is_none()
    }
}

/// A session as its user sees it among others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedSession {
    pub session: Session,
    /// The mini program it was opened in.
    pub app_id: AppId,
}
