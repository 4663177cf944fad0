//! The parts of the statement that writes a batch: each a text that can be run in psql by itself, with the
//! lists that are its parameters, in their order.

use diesel::pg::Pg;
use diesel::sql_types::{Binary, Integer, Nullable, SmallInt, Text};
use domain::id::UserId;
use domain::profile::{Gender, Profile};
use domain::session::SessionAccount;
use domain::visit::Visit;

use crate::statement::{Parameter, list};
use crate::types::{DbId, DbInstant, Id, Instant};
use crate::visits::batch_rows::{WrittenIdentity, code_hash, code_hour, nonce_hash};
use crate::visits::known::{MergeCandidate, PlannedUser, UnionKey};

/// A part that has rows.
pub(super) struct Part<'a> {
    pub(super) kind: Kind,
    /// What the other parts call it.
    pub(super) name: &'static str,
    pub(super) sql: &'static str,
    pub(super) rows: usize,
    pub(super) parameters: Parameters<'a>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Insert,
    /// It must change all its rows, and returns one for each that it has changed.
    Update,
}

type Parameters<'a> = Vec<Parameter<'a, Pg>>;

/// Declares a part: what it does, its rows, its text, and the SQL type and the value of each parameter.
macro_rules! part {
    ($(#[$doc:meta])* $kind:ident $name:ident($row:ident: $type:ty) = $sql:literal,
        $($sql_type:ty = $value:expr,)* $(..$more:ident)?) => {
        impl<'a> Part<'a> {
            $(#[$doc])*
            pub(super) fn $name(rows: &'a [$type]) -> Option<Self> {
                if rows.is_empty() {
                    return None;
                }
                let lists = [
                    vec![$(list::<$sql_type, _, _>(rows, |$row| $value)),*],
                    $($more(rows))?
                ];
                Some(Self {
                    kind: Kind::$kind,
                    name: stringify!($name),
                    sql: $sql,
                    rows: rows.len(),
                    parameters: lists.into_iter().flatten().collect(),
                })
            }
        }
    };
}

part! {
    Insert new_users(planned: &'a PlannedUser) = "
INSERT INTO users (id, created_at, nick_name, avatar_url, gender, language, country, province,
                   city)
SELECT v.id, v.created_at, v.nick_name, v.avatar_url, v.gender, v.language, v.country, v.province,
       v.city
FROM unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::text[], $5::smallint[], $6::text[],
            $7::text[], $8::text[], $9::text[])
    AS v (id, created_at, nick_name, avatar_url, gender, language, country, province, city)",
    Id = DbId(planned.user.id.as_uuid()),
    Instant = DbInstant::from(planned.user.created_at),
    ..profiles
}

part! {
    /// Changes those users that are still at the revision they were loaded at.
    Update changed_users(planned: &'a PlannedUser) = "
UPDATE users AS u
SET nick_name = v.nick_name, avatar_url = v.avatar_url, gender = v.gender,
    language = v.language, country = v.country, province = v.province, city = v.city,
    revision = u.revision + 1
FROM unnest($1::uuid[], $2::integer[], $3::text[], $4::text[], $5::smallint[], $6::text[],
            $7::text[], $8::text[], $9::text[])
    AS v (id, revision, nick_name, avatar_url, gender, language, country, province, city)
WHERE u.id = v.id AND u.revision = v.revision
RETURNING 1",
    Id = DbId(planned.user.id.as_uuid()),
    Integer = planned.origin.revision(),
    ..profiles
}

fn profiles<'a>(rows: &'a [&'a PlannedUser]) -> Parameters<'a> {
    let text = |field: fn(&'a Profile) -> &'a Option<String>| {
        list::<Nullable<Text>, _, _>(rows, |planned| field(&planned.user.profile).as_deref())
    };
    let gender = |planned: &&PlannedUser| planned.user.profile.gender.map(Gender::number);
    vec![
        text(|profile| &profile.nick_name),
        text(|profile| &profile.avatar_url),
        list::<Nullable<SmallInt>, _, _>(rows, gender),
        text(|profile| &profile.language),
        text(|profile| &profile.country),
        text(|profile| &profile.province),
        text(|profile| &profile.city),
    ]
}

part! {
    Insert new_identities(row: WrittenIdentity<'a>) = "
INSERT INTO identities (open_id, app_id, user_id, created_at, union_id, open_platform,
                        session_keys, last_login_at, sessions_opened)
SELECT v.open_id, v.app_id, v.user_id, v.created_at, v.union_id, v.open_platform,
       v.session_keys, v.last_login_at, v.sessions_opened
FROM unnest($1::text[], $2::text[], $3::uuid[], $4::timestamptz[], $5::text[], $6::text[],
            $7::bytea[], $8::timestamptz[], $9::integer[])
    AS v (open_id, app_id, user_id, created_at, union_id, open_platform, session_keys,
          last_login_at, sessions_opened)",
    Text = row.planned.identity.open_id.as_str(),
    Text = row.planned.identity.app_id.as_str(),
    Id = DbId(row.planned.user_id.as_uuid()),
    Instant = DbInstant::from(row.planned.created_at),
    ..learnt
}

part! {
    /// Changes those identities that are still at the revision they were loaded at.
    Update changed_identities(row: WrittenIdentity<'a>) = "
UPDATE identities AS i
SET union_id = v.union_id, open_platform = v.open_platform, session_keys = v.session_keys,
    last_login_at = v.last_login_at, sessions_opened = v.sessions_opened,
    revision = i.revision + 1
FROM unnest($1::text[], $2::text[], $3::integer[], $4::text[], $5::text[], $6::bytea[],
            $7::timestamptz[], $8::integer[])
    AS v (open_id, app_id, revision, union_id, open_platform, session_keys, last_login_at,
          sessions_opened)
WHERE i.open_id = v.open_id AND i.app_id = v.app_id AND i.revision = v.revision
RETURNING 1",
    Text = row.planned.identity.open_id.as_str(),
    Text = row.planned.identity.app_id.as_str(),
    Integer = row.planned.origin.revision(),
    ..learnt
}

/// What a login writes to its identity.
fn learnt<'a>(rows: &'a [WrittenIdentity<'a>]) -> Parameters<'a> {
    vec![
        list::<Nullable<Text>, _, _>(rows, |row| row.planned.union_id()),
        list::<Nullable<Text>, _, _>(rows, |row| row.planned.open_platform()),
        list::<Binary, _, _>(rows, |row| row.session_keys.as_slice()),
        list::<Instant, _, _>(rows, |row| DbInstant::from(row.planned.last_login_at)),
        list::<Integer, _, _>(rows, |row| row.planned.sessions_opened),
    ]
}

part! {
    Insert new_union_owners(row: (&'a UnionKey, &'a UserId)) = "
INSERT INTO union_ids (union_id, open_platform, user_id)
SELECT v.union_id, v.open_platform, v.user_id
FROM unnest($1::text[], $2::text[], $3::uuid[]) AS v (union_id, open_platform, user_id)",
    Text = row.0.0.as_str(),
    Text = row.0.1.as_str(),
    Id = DbId(row.1.as_uuid()),
}

part! {
    /// A pair of users is noted once.
    Insert new_candidates(candidate: MergeCandidate) = "
INSERT INTO merge_candidates (id, open_platform, union_id, user_id, union_user_id, created_at)
SELECT v.id, v.open_platform, v.union_id, v.user_id, v.union_user_id, v.created_at
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::uuid[], $6::timestamptz[])
    AS v (id, open_platform, union_id, user_id, union_user_id, created_at)
ON CONFLICT (user_id, union_user_id) DO NOTHING",
    Id = DbId(candidate.session_id.as_uuid()),
    Text = candidate.union.1.as_str(),
    Text = candidate.union.0.as_str(),
    Id = DbId(candidate.user_id.as_uuid()),
    Id = DbId(candidate.union_user_id.as_uuid()),
    Instant = DbInstant::from(candidate.at),
}

part! {
    /// `v.user_id` is replaced by an expression that is NULL unless all rows have changed that must.
    Insert sessions(row: (&'a Visit, &'a SessionAccount)) = "
INSERT INTO sessions (user_id, id, app_id, open_id, generation, created_at, last_used_at,
                      expires_at, code_hour, code_hash, nonce_hash)
SELECT v.user_id, v.id, v.app_id, v.open_id, 1, v.created_at, v.created_at,
       v.expires_at, v.code_hour, v.code_hash, v.nonce_hash
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[],
            $7::integer[], $8::bytea[], $9::bytea[])
    AS v (user_id, id, app_id, open_id, created_at, expires_at, code_hour, code_hash, nonce_hash)",
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
