//! Users and the identities they have in mini programs.

use crate::id::{AppId, OpenId, UnionId, UserId};
use crate::profile::Profile;
use crate::time::Timestamp;

/// A person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Our name for them; never changes, never reused.
    pub id: UserId,
    pub profile: Profile,
    /// Their phone number in E.164 (`+8613580006666`). Personal data: masked wherever it is
    /// logged.
    pub phone: Option<String>,
    /// When they first logged in.
    pub created_at: Timestamp,
    /// When they last logged in, in any app.
    pub last_login_at: Timestamp,
    /// When the operator shut them out; `None` if they may log in.
    pub disabled_at: Option<Timestamp>,
}

impl User {
    pub fn new(id: UserId, at: Timestamp) -> Self {
        Self {
            id,
            profile: Profile::default(),
            phone: None,
            created_at: at,
            last_login_at: at,
            disabled_at: None,
        }
    }
}

/// A user as one mini program knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub app_id: AppId,
    pub open_id: OpenId,
    /// Their unionid, once WeChat has told it.
    pub union_id: Option<UnionId>,
}
