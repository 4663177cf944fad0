//! The statements both databases understand.

pub(super) const UPSERT_IDENTITY: &str = "
    INSERT INTO identities (open_id, app_id, user_id, union_id, session_key, created_at, last_login_at)
    VALUES ($1, $2, $3, $4, $5, $6, $6)
    ON CONFLICT (open_id, app_id) DO UPDATE SET
        union_id = coalesce(excluded.union_id, identities.union_id),
        session_key = excluded.session_key,
        last_login_at = excluded.last_login_at
    RETURNING user_id";

pub(super) const INSERT_USER: &str = "
    INSERT INTO users
        (id, created_at, nick_name, avatar_url, gender, language, country, province, city)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

/// Writes no row if the profile is as before.
pub(super) const UPDATE_PROFILE: &str = "
    UPDATE users SET
        nick_name = $2, avatar_url = $3, gender = $4, language = $5, country = $6, province = $7,
        city = $8
    WHERE id = $1 AND (nick_name, avatar_url, gender, language, country, province, city)
        IS DISTINCT FROM ($2, $3, $4, $5, $6, $7, $8)";

pub(super) const INSERT_SESSION: &str = "
    INSERT INTO sessions
        (id, user_id, app_id, open_id, refresh_hash, created_at, last_used_at, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $6, $7)";

pub(super) const UPDATE_SESSION: &str = "
    UPDATE sessions SET refresh_hash = $2, last_used_at = $3, expires_at = $4 WHERE id = $1";

pub(super) const SELECT_ALIVE: &str = "
    SELECT 1 FROM sessions s JOIN users u ON u.id = s.user_id
    WHERE s.id = $1 AND s.expires_at > $2 AND s.ended_at IS NULL AND u.disabled_at IS NULL";

pub(super) const SELECT_ME: &str = "
    SELECT u.id, s.open_id, u.nick_name, u.avatar_url, u.created_at, i.last_login_at
    FROM sessions s
    JOIN users u ON u.id = s.user_id
    JOIN identities i ON i.open_id = s.open_id AND i.app_id = s.app_id
    WHERE s.id = $1 AND s.expires_at > $2 AND s.ended_at IS NULL AND u.disabled_at IS NULL";
