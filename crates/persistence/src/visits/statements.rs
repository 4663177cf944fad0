//! The statements of a batch: those that load, and those that write.
//!
//! On PostgreSQL the ones that write are parts of one statement ([`super::write`]), each of which can
//! be run in psql by itself.

use diesel::sql_types::{Binary, Integer, Nullable, SmallInt, Text};
use domain::id::{AppId, OpenId, UserId};
use domain::profile::Gender;
use domain::session::SessionAccount;
use domain::visit::Visit;

use super::batch_rows::{WrittenIdentity, code_hash, code_hour, nonce_hash};
use super::known::{MergeCandidate, PlannedUser, UnionKey};
use crate::statement::for_rows;
use crate::types::{DbId, DbInstant, Id, Instant};

for_rows! {
    LoadIdentities(name: (&'a OpenId, &'a AppId))
    postgres = "
SELECT *
FROM unnest($1::text[], $2::text[]) AS v (open_id, app_id)
JOIN identities ON identities.open_id = v.open_id AND identities.app_id = v.app_id
JOIN users ON users.id = identities.user_id"
    sqlite = "
SELECT *
FROM identities JOIN users ON users.id = identities.user_id
WHERE identities.open_id = $1 AND identities.app_id = $2"
    Text = name.0.as_str(),
    Text = name.1.as_str(),
}

for_rows! {
    LoadUnionOwners(union: UnionKey)
    postgres = "
SELECT *
FROM unnest($1::text[], $2::text[]) AS v (union_id, open_platform)
JOIN union_ids ON union_ids.union_id = v.union_id AND union_ids.open_platform = v.open_platform
JOIN users ON users.id = union_ids.user_id"
    sqlite = "
SELECT *
FROM union_ids JOIN users ON users.id = union_ids.user_id
WHERE union_ids.union_id = $1 AND union_ids.open_platform = $2"
    Text = union.0.as_str(),
    Text = union.1.as_str(),
}

for_rows! {
    LoadBans(hash: [u8; 32])
    postgres = "
SELECT *
FROM unnest($1::bytea[]) AS v (hash)
JOIN ban_hashes ON ban_hashes.hash = v.hash"
    sqlite = "SELECT * FROM ban_hashes WHERE hash = $1"
    Binary = hash.as_slice(),
}

for_rows! {
    NewUsers(planned: &'a PlannedUser)
    postgres = "
INSERT INTO users (id, created_at, nick_name, avatar_url, gender, language, country, province,
                   city)
SELECT v.id, v.created_at, v.nick_name, v.avatar_url, v.gender, v.language, v.country, v.province,
       v.city
FROM unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::text[], $5::smallint[], $6::text[],
            $7::text[], $8::text[], $9::text[])
    AS v (id, created_at, nick_name, avatar_url, gender, language, country, province, city)"
    sqlite = "
INSERT INTO users (id, created_at, nick_name, avatar_url, gender, language, country, province,
                   city)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
    Id = DbId(planned.user.id.as_uuid()),
    Instant = DbInstant::from(planned.user.created_at),
    Nullable<Text> = planned.user.profile.nick_name.as_deref(),
    Nullable<Text> = planned.user.profile.avatar_url.as_deref(),
    Nullable<SmallInt> = planned.user.profile.gender.map(Gender::number),
    Nullable<Text> = planned.user.profile.language.as_deref(),
    Nullable<Text> = planned.user.profile.country.as_deref(),
    Nullable<Text> = planned.user.profile.province.as_deref(),
    Nullable<Text> = planned.user.profile.city.as_deref(),
}

for_rows! {
    /// Changes those users that are still at the revision they were loaded at.
    ChangedUsers(planned: &'a PlannedUser)
    postgres = "
UPDATE users AS u
SET nick_name = v.nick_name, avatar_url = v.avatar_url, gender = v.gender,
    language = v.language, country = v.country, province = v.province, city = v.city,
    revision = u.revision + 1
FROM unnest($1::uuid[], $2::integer[], $3::text[], $4::text[], $5::smallint[], $6::text[],
            $7::text[], $8::text[], $9::text[])
    AS v (id, revision, nick_name, avatar_url, gender, language, country, province, city)
WHERE u.id = v.id AND u.revision = v.revision
RETURNING 1"
    sqlite = "
UPDATE users
SET nick_name = $3, avatar_url = $4, gender = $5, language = $6, country = $7, province = $8,
    city = $9, revision = revision + 1
WHERE id = $1 AND revision = $2"
    Id = DbId(planned.user.id.as_uuid()),
    Integer = planned.origin.revision(),
    Nullable<Text> = planned.user.profile.nick_name.as_deref(),
    Nullable<Text> = planned.user.profile.avatar_url.as_deref(),
    Nullable<SmallInt> = planned.user.profile.gender.map(Gender::number),
    Nullable<Text> = planned.user.profile.language.as_deref(),
    Nullable<Text> = planned.user.profile.country.as_deref(),
    Nullable<Text> = planned.user.profile.province.as_deref(),
    Nullable<Text> = planned.user.profile.city.as_deref(),
}

for_rows! {
    NewIdentities(row: WrittenIdentity<'a>)
    postgres = "
INSERT INTO identities (open_id, app_id, user_id, created_at, union_id, open_platform,
                        session_keys, last_login_at, sessions_opened)
SELECT v.open_id, v.app_id, v.user_id, v.created_at, v.union_id, v.open_platform,
       v.session_keys, v.last_login_at, v.sessions_opened
FROM unnest($1::text[], $2::text[], $3::uuid[], $4::timestamptz[], $5::text[], $6::text[],
            $7::bytea[], $8::timestamptz[], $9::integer[])
    AS v (open_id, app_id, user_id, created_at, union_id, open_platform, session_keys,
          last_login_at, sessions_opened)"
    sqlite = "
INSERT INTO identities (open_id, app_id, user_id, created_at, union_id, open_platform,
                        session_keys, last_login_at, sessions_opened)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
    Text = row.planned.identity.open_id.as_str(),
    Text = row.planned.identity.app_id.as_str(),
    Id = DbId(row.planned.user_id.as_uuid()),
    Instant = DbInstant::from(row.planned.created_at),
    Nullable<Text> = row.planned.union_id(),
    Nullable<Text> = row.planned.open_platform(),
    Binary = row.session_keys.as_slice(),
    Instant = DbInstant::from(row.planned.last_login_at),
    Integer = row.planned.sessions_opened,
}

for_rows! {
    /// What every login does. Changes those identities that are still at the revision they were loaded
    /// at.
    ChangedIdentities(row: WrittenIdentity<'a>)
    postgres = "
UPDATE identities AS i
SET union_id = v.union_id, open_platform = v.open_platform, session_keys = v.session_keys,
    last_login_at = v.last_login_at, sessions_opened = v.sessions_opened,
    revision = i.revision + 1
FROM unnest($1::text[], $2::text[], $3::integer[], $4::text[], $5::text[], $6::bytea[],
            $7::timestamptz[], $8::integer[])
    AS v (open_id, app_id, revision, union_id, open_platform, session_keys, last_login_at,
          sessions_opened)
WHERE i.open_id = v.open_id AND i.app_id = v.app_id AND i.revision = v.revision
RETURNING 1"
    sqlite = "
UPDATE identities
SET union_id = $4, open_platform = $5, session_keys = $6, last_login_at = $7,
    sessions_opened = $8, revision = revision + 1
WHERE open_id = $1 AND app_id = $2 AND revision = $3"
    Text = row.planned.identity.open_id.as_str(),
    Text = row.planned.identity.app_id.as_str(),
    Integer = row.planned.origin.revision(),
    Nullable<Text> = row.planned.union_id(),
    Nullable<Text> = row.planned.open_platform(),
    Binary = row.session_keys.as_slice(),
    Instant = DbInstant::from(row.planned.last_login_at),
    Integer = row.planned.sessions_opened,
}

for_rows! {
    NewUnionOwners(row: (&'a UnionKey, &'a UserId))
    postgres = "
INSERT INTO union_ids (union_id, open_platform, user_id)
SELECT v.union_id, v.open_platform, v.user_id
FROM unnest($1::text[], $2::text[], $3::uuid[]) AS v (union_id, open_platform, user_id)"
    sqlite = "INSERT INTO union_ids (union_id, open_platform, user_id) VALUES ($1, $2, $3)"
    Text = row.0.0.as_str(),
    Text = row.0.1.as_str(),
    Id = DbId(row.1.as_uuid()),
}

for_rows! {
    /// A pair of users is noted once.
    NewCandidates(candidate: MergeCandidate)
    postgres = "
INSERT INTO merge_candidates (id, open_platform, union_id, user_id, union_user_id, created_at)
SELECT v.id, v.open_platform, v.union_id, v.user_id, v.union_user_id, v.created_at
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::uuid[], $6::timestamptz[])
    AS v (id, open_platform, union_id, user_id, union_user_id, created_at)
ON CONFLICT (user_id, union_user_id) DO NOTHING"
    sqlite = "
INSERT INTO merge_candidates (id, open_platform, union_id, user_id, union_user_id, created_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (user_id, union_user_id) DO NOTHING"
    Id = DbId(candidate.session_id.as_uuid()),
    Text = candidate.union.1.as_str(),
    Text = candidate.union.0.as_str(),
    Id = DbId(candidate.user_id.as_uuid()),
    Id = DbId(candidate.union_user_id.as_uuid()),
    Instant = DbInstant::from(candidate.at),
}

for_rows! {
    /// `v.user_id` is replaced by an expression that is NULL unless all rows have changed that must.
    Sessions(row: (&'a Visit, &'a SessionAccount))
    postgres = "
INSERT INTO sessions (user_id, id, app_id, open_id, generation, created_at, last_used_at,
                      expires_at, code_hour, code_hash, nonce_hash)
SELECT v.user_id, v.id, v.app_id, v.open_id, 1, v.created_at, v.created_at,
       v.expires_at, v.code_hour, v.code_hash, v.nonce_hash
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[],
            $7::integer[], $8::bytea[], $9::bytea[])
    AS v (user_id, id, app_id, open_id, created_at, expires_at, code_hour, code_hash, nonce_hash)"
    sqlite = "
INSERT INTO sessions (user_id, id, app_id, open_id, generation, created_at, last_used_at,
                      expires_at, code_hour, code_hash, nonce_hash)
VALUES ($1, $2, $3, $4, 1, $5, $5, $6, $7, $8, $9)"
    Id = DbId(row.1.user.id.as_uuid()),
    Id = DbId(row.1.session.id.as_uuid()),
    Text = row.0.app.id.as_str(),
    Text = row.0.open_id.as_str(),
    Instant = DbInstant::from(row.1.session.created_at),
    Instant = DbInstant::from(row.1.session.expires_at),
    Integer = code_hour(row.0.at),
    Binary = code_hash(row.0),
    Nullable<Binary> = nonce_hash(row.0),
}
