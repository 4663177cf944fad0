//! SQLite with a write-ahead log that is flushed at every commit.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use uuid::Uuid;

use super::{Login, Me, Refresh, SessionOf, sql};
use crate::serve::Options;

pub(crate) struct Sqlite {
    pool: SqlitePool,
}

impl Sqlite {
    pub(super) async fn open(options: &Options) -> anyhow::Result<Sqlite> {
        let connect = SqliteConnectOptions::from_str(&options.database_url)?
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full);
        let pool = SqlitePoolOptions::new()
            .max_connections(options.pool.unwrap_or(8))
            .test_before_acquire(options.ping)
            .connect_with(connect)
            .await?;
        sqlx::raw_sql(include_str!("sqlite.sql"))
            .execute(&pool)
            .await?;
        Ok(Sqlite { pool })
    }

    pub(super) async fn log_in(&self, login: &Login<'_>) -> sqlx::Result<Uuid> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let user: Uuid = sqlx::query_scalar(sql::UPSERT_IDENTITY)
            .bind(login.open_id)
            .bind(login.app_id)
            .bind(login.new_user)
            .bind(login.union_id)
            .bind(login.session_key)
            .bind(login.now)
            .fetch_one(&mut *transaction)
            .await?;
        if user == login.new_user {
            let insert = sqlx::query(sql::INSERT_USER).bind(user).bind(login.now);
            bind_profile!(insert, login.profile)
                .execute(&mut *transaction)
                .await?;
        } else if login.profile.is_some() {
            let update = sqlx::query(sql::UPDATE_PROFILE).bind(user);
            bind_profile!(update, login.profile)
                .execute(&mut *transaction)
                .await?;
        }
        sqlx::query(sql::INSERT_SESSION)
            .bind(login.session)
            .bind(user)
            .bind(login.app_id)
            .bind(login.open_id)
            .bind(login.refresh_hash)
            .bind(login.now)
            .bind(login.expires_at)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(user)
    }

    pub(super) async fn refresh(&self, refresh: &Refresh<'_>) -> sqlx::Result<Option<SessionOf>> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let found: Option<SessionOf> = sqlx::query_as(FIND_SESSION)
            .bind(refresh.old_hash)
            .bind(refresh.now)
            .fetch_optional(&mut *transaction)
            .await?;
        let Some((session, user)) = found else {
            transaction.rollback().await?;
            return Ok(None);
        };
        sqlx::query(sql::UPDATE_SESSION)
            .bind(session)
            .bind(refresh.new_hash)
            .bind(refresh.now)
            .bind(refresh.expires_at)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(Some((session, user)))
    }

    pub(super) async fn is_alive(&self, session: Uuid, now: DateTime<Utc>) -> sqlx::Result<bool> {
        let row = sqlx::query(sql::SELECT_ALIVE)
            .bind(session)
            .bind(now)
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.is_some())
    }

    pub(super) async fn me(&self, session: Uuid, now: DateTime<Utc>) -> sqlx::Result<Option<Me>> {
        sqlx::query_as(sql::SELECT_ME)
            .bind(session)
            .bind(now)
            .fetch_optional(&self.pool)
            .await
    }
}

const FIND_SESSION: &str = "
    SELECT id, user_id FROM sessions
    WHERE refresh_hash = $1 AND expires_at > $2 AND ended_at IS NULL";
