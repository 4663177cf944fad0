//! Rows as they are read and written, and the domain's values they make. A column is named here
//! and in [`schema`](crate::schema), and in the statement that writes a batch
//! ([`visits`](crate::visits)).

use diesel::dsl::{auto_type, max};
use diesel::helper_types::max;
use diesel::prelude::*;
use diesel::query_source::Alias;
use domain::id::{AppId, OpenId, SessionId, UnionId, UserId};
use domain::profile::{Gender, Profile};
use domain::session::{Generation, Session, SessionAccount};
use domain::user::{Identity, User};

use crate::schema::{identities, sessions, users};
use crate::types::{DbId, DbInstant};

/// The columns of `users` that hold the profile. As a changeset it writes all of them.
#[derive(Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(
    table_name = users,
    treat_none_as_null = true,
    treat_none_as_default_value = false
)]
pub(crate) struct ProfileRow {
    pub(crate) nick_name: Option<String>,
    pub(crate) avatar_url: Option<String>,
    pub(crate) gender: Option<i16>,
    pub(crate) language: Option<String>,
    pub(crate) country: Option<String>,
    pub(crate) province: Option<String>,
    pub(crate) city: Option<String>,
}

impl From<Profile> for ProfileRow {
    fn from(profile: Profile) -> Self {
        Self {
            nick_name: profile.nick_name,
            avatar_url: profile.avatar_url,
            gender: profile.gender.map(Gender::number),
            language: profile.language,
            country: profile.country,
            province: profile.province,
            city: profile.city,
        }
    }
}

impl From<ProfileRow> for Profile {
    fn from(row: ProfileRow) -> Self {
        Self {
            nick_name: row.nick_name,
            avatar_url: row.avatar_url,
            gender: row.gender.map(i64::from).and_then(Gender::from_number),
            language: row.language,
            country: row.country,
            province: row.province,
            city: row.city,
        }
    }
}

diesel::alias! {
    pub(crate) const LOGINS: Alias<Logins> = identities as logins;
}

/// The identities of the user in whose row it is selected.
#[auto_type]
pub(crate) fn logins_of_user() -> _ {
    let logins: Alias<Logins> = LOGINS;
    logins.filter(logins.field(identities::user_id).eq(users::id))
}

/// The greatest of the user's identities'.
#[auto_type]
fn last_login_at() -> _ {
    let logins: Alias<Logins> = LOGINS;
    logins_of_user()
        .select(max(logins.field(identities::last_login_at)))
        .single_value()
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = users)]
pub(crate) struct UserRow {
    pub(crate) id: DbId,
    #[diesel(embed)]
    profile: ProfileRow,
    phone: Option<String>,
    created_at: DbInstant,
    disabled_at: Option<DbInstant>,
    pub(crate) revision: i32,
    /// Sessions that were opened up to then are over.
    pub(crate) sessions_ended_until: Option<DbInstant>,
    #[diesel(select_expression = last_login_at())]
    last_login_at: Option<DbInstant>,
}

impl From<UserRow> for User {
    fn from(row: UserRow) -> Self {
        Self {
            id: UserId::new(row.id.0),
            profile: row.profile.into(),
            phone: row.phone,
            created_at: row.created_at.into(),
            last_login_at: row.last_login_at.unwrap_or(row.created_at).into(),
            disabled_at: row.disabled_at.map(Into::into),
        }
    }
}

/// What is told of an identity.
#[derive(Queryable, Selectable)]
#[diesel(table_name = identities)]
#[expect(clippy::struct_field_names, reason = "they are the names of columns")]
pub(crate) struct IdentityNames {
    app_id: String,
    open_id: String,
    union_id: Option<String>,
}

impl From<IdentityNames> for Identity {
    fn from(names: IdentityNames) -> Self {
        Self {
            app_id: AppId::new(names.app_id),
            open_id: OpenId::new(names.open_id),
            union_id: names.union_id.map(UnionId::new),
        }
    }
}

/// What is told of a session.
#[derive(Queryable, Selectable)]
#[diesel(table_name = sessions)]
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

/// A session with its identity and user.
#[derive(Queryable, Selectable)]
pub(crate) struct AccountRow {
    #[diesel(embed)]
    session: SessionRow,
    #[diesel(embed)]
    identity: IdentityNames,
    #[diesel(embed)]
    user: UserRow,
}

impl From<AccountRow> for SessionAccount {
    fn from(row: AccountRow) -> Self {
        Self {
            session: row.session.into_session(row.user.sessions_ended_until),
            user: row.user.into(),
            identity: row.identity.into(),
        }
    }
}
