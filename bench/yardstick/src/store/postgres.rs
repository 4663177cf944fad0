//! PostgreSQL. sqlx prepares every statement once per connection.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use uuid::Uuid;

use super::{Login, Me, Refresh, SessionOf, sql};
use crate::serve::Options;

pub(crate) struct Postgres {
    pool: PgPool,
    one_statement: bool,
}

impl Postgres {
    pub(super) async fn open(options: &Options) -> anyhow::Result<Postgres> {
        let pool = PgPoolOptions::new()
            .max_connections(options.pool.unwrap_or(16))
            .test_before_acquire(options.ping)
            .connect_with(PgConnectOptions::from_str(&options.database_url)?)
            .await?;
        sqlx::raw_sql(include_str!("postgres.sql"))
            .execute(&pool)
            .await?;
        Ok(Postgres {
            pool,
            one_statement: options.one_statement,
        })
    }

    pub(super) async fn log_in(&self, login: &Login<'_>) -> sqlx::Result<Uuid> {
        if self.one_statement {
            self.log_in_by_one_statement(login).await
        } else {
            self.log_in_by_transaction(login).await
        }
    }

    async fn log_in_by_transaction(&self, login: &Login<'_>) -> sqlx::Result<Uuid> {
        let mut transaction = self.pool.begin().await?;
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

    async fn log_in_by_one_statement(&self, login: &Login<'_>) -> sqlx::Result<Uuid> {
        let query = sqlx::query_scalar(ONE_STATEMENT)
            .bind(login.open_id)
            .bind(login.app_id)
            .bind(login.new_user)
            .bind(login.union_id)
            .bind(login.session_key)
            .bind(login.now)
            .bind(login.session)
            .bind(login.refresh_hash)
            .bind(login.expires_at)
            .bind(login.profile.is_some());
        bind_profile!(query, login.profile)
            .fetch_one(&self.pool)
            .await
    }

    pub(super) async fn refresh(&self, refresh: &Refresh<'_>) -> sqlx::Result<Option<SessionOf>> {
        let mut transaction = self.pool.begin().await?;
        let found: Option<SessionOf> = sqlx::query_as(LOCK_SESSION)
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

/// A login as one statement, which commits by itself.
const ONE_STATEMENT: &str = "
    WITH identity AS (
        INSERT INTO identities
            (open_id, app_id, user_id, union_id, session_key, created_at, last_login_at)
        VALUES ($1, $2, $3, $4, $5, $6, $6)
        ON CONFLICT (open_id, app_id) DO UPDATE SET
            union_id = coalesce(excluded.union_id, identities.union_id),
            session_key = excluded.session_key,
            last_login_at = excluded.last_login_at
        RETURNING user_id
    ), new_user AS (
        INSERT INTO users
            (id, created_at, nick_name, avatar_url, gender, language, country, province, city)
        SELECT user_id, $6, $11, $12, $13, $14, $15, $16, $17 FROM identity WHERE user_id = $3
    ), profile AS (
        UPDATE users SET
            nick_name = $11, avatar_url = $12, gender = $13, language = $14, country = $15,
            province = $16, city = $17
        FROM identity WHERE id = user_id AND $10
            AND (nick_name, avatar_url, gender, language, country, province, city)
            IS DISTINCT FROM ($11, $12, $13, $14, $15, $16, $17)
    ), session AS (
        INSERT INTO sessions
            (id, user_id, app_id, open_id, refresh_hash, created_at, last_used_at, expires_at)
        SELECT $7, user_id, $2, $1, $8, $6, $6, $9 FROM identity
    )
    SELECT user_id FROM identity";

const LOCK_SESSION: &str = "
    SELECT id, user_id FROM sessions
    WHERE refresh_hash = $1 AND expires_at > $2 AND ended_at IS NULL
    FOR UPDATE";
