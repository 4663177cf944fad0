//! Who did what to whom, when, and from where. No personal data beyond ids.

use std::net::IpAddr;

use uuid::Uuid;

use crate::id::UserId;
use crate::named_enum::named_enum;
use crate::ports::Clock;
use crate::time::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    pub id: Uuid,
    pub at: Timestamp,
    pub actor: AuditActor,
    pub action: AuditAction,
    /// To whom, if to a user.
    pub user_id: Option<UserId>,
    /// To what else: an appid, the id of a merge candidate.
    pub subject: Option<String>,
    /// The address it was asked from, if it was asked over HTTP.
    pub from: Option<IpAddr>,
}

impl AuditEntry {
    /// The same, of something done to this user.
    #[must_use]
    pub fn about(mut self, user: UserId) -> Self {
        self.user_id = Some(user);
        self
    }

    /// The same, of something done to something else.
    #[must_use]
    pub fn on(mut self, subject: &impl ToString) -> Self {
        self.subject = Some(subject.to_string());
        self
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditActor {
    User,
    /// WeChat, by a pushed event.
    Wechat,
    /// The operator, on the command line.
    Operator,
    /// The holder of the API key of this name.
    ApiKey(String),
}

impl AuditActor {
    /// Its name in the log.
    pub fn as_str(&self) -> &str {
        match self {
            Self::User => "user",
            Self::Wechat => "wechat",
            Self::Operator => "operator",
            Self::ApiKey(name) => name,
        }
    }

    pub fn from_name(name: String) -> Self {
        let known = [Self::User, Self::Wechat, Self::Operator];
        let found = known.into_iter().find(|actor| actor.as_str() == name);
        found.unwrap_or(Self::ApiKey(name))
    }
}

/// Who asks for something that leaves an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    pub actor: AuditActor,
    pub from: Option<IpAddr>,
}

impl Caller {
    /// The entry of what they do now, without a user and a subject.
    pub fn entry(&self, action: AuditAction, clock: &dyn Clock) -> AuditEntry {
        AuditEntry {
            id: clock.new_id(),
            at: clock.now(),
            actor: self.actor.clone(),
            action,
            user_id: None,
            subject: None,
            from: self.from,
        }
    }
}

/// Which entries are looked for. What is `None` is not asked about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AuditQuery {
    pub user_id: Option<UserId>,
    pub action: Option<AuditAction>,
}

named_enum! {
    AuditAction {
        DisableUser = "disable_user",
        EnableUser = "enable_user",
        DeleteUser = "delete_user",
        EndSessions = "end_sessions",
        ApplyMerge = "apply_merge",
        /// Two users were found to be two.
        DismissMerge = "dismiss_merge",
        TakeWechatToken = "take_wechat_token",
        /// A text was signed with a user's session_key; the subject is its SHA-256.
        SignText = "wechat_signature",
        /// A pushed message that waits was made due; the subject is its id.
        RetryPush = "retry_push",
        Withdraw = "withdraw",
        LiftBan = "lift_ban",
        RotateKeys = "rotate_keys",
        /// What the master keys do not open was given up.
        ResetKeys = "reset_keys",
    }
}
