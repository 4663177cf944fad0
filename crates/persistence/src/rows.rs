//! Rows as they are read, and the domain's values they make.

use diesel::Queryable;
use domain::id::{AppId, OpenId, SessionId, UnionId, UserId};
use domain::profile::{Gender, Profile};
use domain::session::{Generation, Session};
use domain::user::{Identity, User};

use crate::types::{DbId, DbInstant};

/// A row of `users`, all columns in their order.
#[derive(Queryable)]
pub(crate) struct UserRow {
    pub(crate) id: DbId,
    nick_name: Option<String>,
    avatar_url: Option<String>,
    gender: Option<i16>,
    language: Option<String>,
    country: Option<String>,
    province: Option<String>,
    city: Option<String>,
    phone: Option<String>,
    created_at: DbInstant,
    disabled_at: Option<DbInstant>,
    pub(crate) revision: i32,
    /// Sessions that were opened up to then are over.
    pub(crate) sessions_ended_until: Option<DbInstant>,
}

impl UserRow {
    /// The user. `last_login_at` is the greatest of their identities'.
    pub(crate) fn into_user(self, last_login_at: Option<DbInstant>) -> User {
        User {
            id: UserId::new(self.id.0),
            profile: Profile {
                nick_name: self.nick_name,
                avatar_url: self.avatar_url,
                gender: self.gender.map(i64::from).and_then(Gender::from_number),
                language: self.language,
                country: self.country,
                province: self.province,
                city: self.city,
            },
            phone: self.phone,
            created_at: self.created_at.into(),
            last_login_at: last_login_at.unwrap_or(self.created_at).into(),
            disabled_at: self.disabled_at.map(Into::into),
        }
    }
}

/// A row of `identities`, all columns in their order.
#[derive(Queryable)]
pub(crate) struct IdentityRow {
    pub(crate) app_id: String,
    pub(crate) open_id: String,
    pub(crate) user_id: DbId,
    pub(crate) union_id: Option<String>,
    pub(crate) open_platform: Option<String>,
    pub(crate) session_keys: Vec<u8>,
    pub(crate) created_at: DbInstant,
    pub(crate) last_login_at: DbInstant,
    pub(crate) revision: i32,
    pub(crate) sessions_opened: i32,
}

/// What is told of an identity: `app_id`, `open_id`, `union_id`.
pub(crate) type IdentityNames = (String, String, Option<String>);

pub(crate) fn identity((app_id, open_id, union_id): IdentityNames) -> Identity {
    Identity {
        app_id: AppId::new(app_id),
        open_id: OpenId::new(open_id),
        union_id: union_id.map(UnionId::new),
    }
}

/// What is told of a session.
#[derive(Queryable)]
pub(crate) struct SessionRow {
    id: DbId,
    user_id: DbId,
    generation: i32,
    created_at: DbInstant,
    last_used_at: DbInstant,
    expires_at: DbInstant,
    ended_at: Option<DbInstant>,
}

impl SessionRow {
    /// The session of a user whose sessions up to `ended_until` are over.
    pub(crate) fn into_session(self, ended_until: Option<DbInstant>) -> Session {
        let ended_with_all = ended_until.filter(|until| self.created_at <= *until);
        Session {
            id: SessionId::new(self.id.0),
            user_id: UserId::new(self.user_id.0),
            generation: Generation::new(self.generation.unsigned_abs()),
            created_at: self.created_at.into(),
            last_used_at: self.last_used_at.into(),
            expires_at: self.expires_at.into(),
            ended_at: self.ended_at.or(ended_with_all).map(Into::into),
        }
    }
}
