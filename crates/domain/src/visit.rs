//! A login as the store sees it: one whole value in, one whole value out.

use std::sync::Arc;

use crate::app::App;
use crate::id::{OpenId, SessionId, UnionId, UserId};
use crate::profile::ProfileReport;
use crate::secret::{SecretHash, SessionKey};
use crate::session::{Generation, Session, SessionAccount};
use crate::time::Timestamp;

/// Everything a login leaves behind.
#[derive(Clone, Debug)]
pub struct Visit {
    pub at: Timestamp,
    pub app: App,
    pub open_id: OpenId,
    pub union_id: Option<UnionId>,
    /// The fresh session_key, to be kept sealed; `None` if WeChat's gateway named the user and no
    /// code was exchanged.
    pub session_key: Option<SessionKey>,
    /// What WeChat said about the person, in the order it is to be learnt.
    pub reports: Vec<ProfileReport>,
    /// The id the user gets if they are new.
    pub new_user_id: UserId,
    pub session: NewSession,
    /// How many live sessions the user may have, this one included; 0 for any number.
    pub sessions_per_user: u32,
}

/// The session a login opens, at [`Generation::FIRST`].
#[derive(Clone, Debug)]
pub struct NewSession {
    pub id: SessionId,
    /// When its refresh token dies.
    pub expires_at: Timestamp,
    /// The code it is opened with; `None` if WeChat's gateway named the user.
    pub sent: Option<SentCode>,
}

impl NewSession {
    /// The session of this user, opened at `at`.
    pub fn open(&self, user_id: UserId, at: Timestamp) -> Session {
        Session {
            id: self.id,
            user_id,
            generation: Generation::FIRST,
            created_at: at,
            last_used_at: at,
            expires_at: self.expires_at,
            ended_at: None,
        }
    }
}

/// The hashes of what a phone logs in with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SentCode {
    pub code: SecretHash,
    pub nonce: Option<SecretHash>,
}

/// What became of a [`Visit`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VisitOutcome {
    /// The user and the session are stored, durably.
    Recorded {
        account: Arc<SessionAccount>,
        /// Whether older sessions of the user were ended, because there were too many.
        ended_others: bool,
    },
    /// The user is disabled, or was when their account was deleted. Nothing was stored.
    UserDisabled,
}

/// Whether `account`'s session is the one its user came with: their very first login.
pub fn is_first_visit(account: &SessionAccount) -> bool {
    account.user.created_at == account.session.created_at
}
