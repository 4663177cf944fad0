//! Users, identities and sessions, in PostgreSQL or SQLite.

/// Binds the seven columns of a profile, NULL without one. (A macro, because the queries of the two
/// databases are of different types.)
macro_rules! bind_profile {
    ($query:expr, $profile:expr) => {{
        let profile = $profile;
        $query
            .bind(profile.and_then(|profile| profile.nick_name.as_deref()))
            .bind(profile.and_then(|profile| profile.avatar_url.as_deref()))
            .bind(profile.and_then(|profile| profile.gender))
            .bind(profile.and_then(|profile| profile.language.as_deref()))
            .bind(profile.and_then(|profile| profile.country.as_deref()))
            .bind(profile.and_then(|profile| profile.province.as_deref()))
            .bind(profile.and_then(|profile| profile.city.as_deref()))
    }};
}

mod postgres;
mod sql;
mod sqlite;

use anyhow::bail;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::open_data::Profile;
use crate::serve::Options;

pub(crate) enum Store {
    Postgres(postgres::Postgres),
    Sqlite(sqlite::Sqlite),
}

/// What a login stores.
pub(crate) struct Login<'a> {
    pub(crate) app_id: &'a str,
    pub(crate) open_id: &'a str,
    pub(crate) union_id: Option<&'a str>,
    pub(crate) session_key: &'a str,
    /// What the login brings of it.
    pub(crate) profile: Option<&'a Profile>,
    /// The user's id if the openid is new.
    pub(crate) new_user: Uuid,
    pub(crate) session: Uuid,
    pub(crate) refresh_hash: &'a [u8],
    pub(crate) now: DateTime<Utc>,
    pub(crate) expires_at: DateTime<Utc>,
}

/// What a refresh stores.
pub(crate) struct Refresh<'a> {
    pub(crate) old_hash: &'a [u8],
    pub(crate) new_hash: &'a [u8],
    pub(crate) now: DateTime<Utc>,
    pub(crate) expires_at: DateTime<Utc>,
}

/// A session and its user.
pub(crate) type SessionOf = (Uuid, Uuid);

/// The user's id, openid, nickname, avatar, creation and last login.
pub(crate) type Me = (
    Uuid,
    String,
    Option<String>,
    Option<String>,
    DateTime<Utc>,
    DateTime<Utc>,
);

impl Store {
    /// Connects and makes the tables if there are none.
    pub(crate) async fn open(options: &Options) -> anyhow::Result<Store> {
        if options.database_url.starts_with("sqlite:") {
            if options.one_statement {
                bail!("--one-statement is for PostgreSQL: SQLite has no INSERT within WITH");
            }
            Ok(Store::Sqlite(sqlite::Sqlite::open(options).await?))
        } else {
            Ok(Store::Postgres(postgres::Postgres::open(options).await?))
        }
    }

    /// Finds or makes the user and opens a session. Returns the user's id.
    pub(crate) async fn log_in(&self, login: &Login<'_>) -> sqlx::Result<Uuid> {
        match self {
            Store::Postgres(store) => store.log_in(login).await,
            Store::Sqlite(store) => store.log_in(login).await,
        }
    }

    /// Replaces the hash by which a session is refreshed. None if there is no such session.
    pub(crate) async fn refresh(&self, refresh: &Refresh<'_>) -> sqlx::Result<Option<SessionOf>> {
        match self {
            Store::Postgres(store) => store.refresh(refresh).await,
            Store::Sqlite(store) => store.refresh(refresh).await,
        }
    }

    /// Whether the session is still good.
    pub(crate) async fn is_alive(&self, session: Uuid, now: DateTime<Utc>) -> sqlx::Result<bool> {
        match self {
            Store::Postgres(store) => store.is_alive(session, now).await,
            Store::Sqlite(store) => store.is_alive(session, now).await,
        }
    }

    /// The session's user, if the session is still good.
    pub(crate) async fn me(&self, session: Uuid, now: DateTime<Utc>) -> sqlx::Result<Option<Me>> {
        match self {
            Store::Postgres(store) => store.me(session, now).await,
            Store::Sqlite(store) => store.me(session, now).await,
        }
    }
}
