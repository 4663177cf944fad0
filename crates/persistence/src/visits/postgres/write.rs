//! The statement that writes a batch: all of it or, if anything it was planned upon has changed,
//! nothing.
//!
//! Each part is a text that can be run in psql by itself. A batch consists of the parts that it
//! has rows for, `WITH a AS (…), b AS (…) INSERT INTO sessions …`: naming a table costs also when
//! its list is empty, because it is opened and locked with its indexes (with all six parts a first
//! login took 0.2 ms more of PostgreSQL's processor). So there are as many texts as kinds of
//! batches, a handful, and each is prepared once a connection.
//!
//! - The parts of a `WITH` are siblings: all of them run, see the tables as they were before the
//!   statement, and do not see each other's rows. So each gets the rows it writes from lists of
//!   its own, and no part reads a table for what another has written.
//! - The foreign key from `identities` to `users` is checked at the end of the statement, when the
//!   rows of all parts are there. So a user and their identity can be new in one statement.
//! - The sessions count what the updates give back, so they wait for them. If an update has found
//!   fewer rows at the revision they were loaded at, the sessions get no user, and NOT NULL refuses
//!   the statement with all of its parts.
//! - The rows of each list are sorted by key ([`BatchRows`]), so that two statements lock the same
//!   rows in the same order.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Binary, Integer, Nullable, SmallInt, Text};

use crate::rows::ProfileRow;
use crate::statement::{Parameter, list, walk};
use crate::types::{Id, Instant};
use crate::visits::batch_rows::{
    BatchRows, NewMergeCandidate, NewSession, NewUnionOwner, WrittenIdentity, WrittenUser,
};

const NEW_USERS: &str = "
INSERT INTO users (id, created_at, nick_name, avatar_url, gender, language, country, province,
                   city)
SELECT v.id, v.created_at, v.nick_name, v.avatar_url, v.gender, v.language, v.country, v.province,
       v.city
FROM unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::text[], $5::smallint[], $6::text[],
            $7::text[], $8::text[], $9::text[])
    AS v (id, created_at, nick_name, avatar_url, gender, language, country, province, city)";

/// Changes those users that are still at the revision they were loaded at.
const CHANGED_USERS: &str = "
UPDATE users AS u
SET nick_name = v.nick_name, avatar_url = v.avatar_url, gender = v.gender,
    language = v.language, country = v.country, province = v.province, city = v.city,
    revision = u.revision + 1
FROM unnest($1::uuid[], $2::integer[], $3::text[], $4::text[], $5::smallint[], $6::text[],
            $7::text[], $8::text[], $9::text[])
    AS v (id, revision, nick_name, avatar_url, gender, language, country, province, city)
WHERE u.id = v.id AND u.revision = v.revision
RETURNING 1";

const NEW_IDENTITIES: &str = "
INSERT INTO identities (open_id, app_id, user_id, created_at, union_id, open_platform,
                        session_keys, last_login_at, sessions_opened)
SELECT v.open_id, v.app_id, v.user_id, v.created_at, v.union_id, v.open_platform,
       v.session_keys, v.last_login_at, v.sessions_opened
FROM unnest($1::text[], $2::text[], $3::uuid[], $4::timestamptz[], $5::text[], $6::text[],
            $7::bytea[], $8::timestamptz[], $9::integer[])
    AS v (open_id, app_id, user_id, created_at, union_id, open_platform, session_keys,
          last_login_at, sessions_opened)";

/// Changes those identities that are still at the revision they were loaded at.
const CHANGED_IDENTITIES: &str = "
UPDATE identities AS i
SET union_id = v.union_id, open_platform = v.open_platform, session_keys = v.session_keys,
    last_login_at = v.last_login_at, sessions_opened = v.sessions_opened,
    revision = i.revision + 1
FROM unnest($1::text[], $2::text[], $3::integer[], $4::text[], $5::text[], $6::bytea[],
            $7::timestamptz[], $8::integer[])
    AS v (open_id, app_id, revision, union_id, open_platform, session_keys, last_login_at,
          sessions_opened)
WHERE i.open_id = v.open_id AND i.app_id = v.app_id AND i.revision = v.revision
RETURNING 1";

const NEW_UNION_OWNERS: &str = "
INSERT INTO union_ids (union_id, open_platform, user_id)
SELECT v.union_id, v.open_platform, v.user_id
FROM unnest($1::text[], $2::text[], $3::uuid[]) AS v (union_id, open_platform, user_id)";

/// A pair of users is noted once.
const MERGE_CANDIDATES: &str = "
INSERT INTO merge_candidates (id, open_platform, union_id, user_id, union_user_id, created_at)
SELECT v.id, v.open_platform, v.union_id, v.user_id, v.union_user_id, v.created_at
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::uuid[], $6::timestamptz[])
    AS v (id, open_platform, union_id, user_id, union_user_id, created_at)
ON CONFLICT (user_id, union_user_id) DO NOTHING";

/// `v.user_id` is replaced by an expression that is NULL unless all rows have changed that must.
const SESSIONS: &str = "
INSERT INTO sessions (user_id, id, app_id, open_id, generation, created_at, last_used_at,
                      expires_at, code_hour, code_hash, nonce_hash)
SELECT v.user_id, v.id, v.app_id, v.open_id, 1, v.created_at, v.created_at,
       v.expires_at, v.code_hour, v.code_hash, v.nonce_hash
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[],
            $7::integer[], $8::bytea[], $9::bytea[])
    AS v (user_id, id, app_id, open_id, created_at, expires_at, code_hour, code_hash, nonce_hash)";

pub(super) struct WriteBatch<'a> {
    parts: Vec<Part<'a>>,
    /// The parts whose rows must all be found as they were loaded.
    updates: Vec<&'static str>,
    /// How many rows these parts must change.
    changed: i64,
    sessions: Parameters<'a>,
}

struct Part<'a> {
    name: &'static str,
    sql: &'static str,
    parameters: Parameters<'a>,
}

impl<'a> WriteBatch<'a> {
    pub(super) fn of(rows: &'a BatchRows<'a>) -> Self {
        let mut batch = Self {
            parts: Vec::with_capacity(6),
            updates: Vec::with_capacity(2),
            changed: 0,
            sessions: sessions(&rows.sessions),
        };
        let (users, identities) = (&rows.changed_users, &rows.changed_identities);
        batch.insert("new_users", NEW_USERS, &rows.new_users, new_users);
        batch.update("changed_users", CHANGED_USERS, users, changed_users);
        batch.insert(
            "new_identities",
            NEW_IDENTITIES,
            &rows.new_identities,
            new_identities,
        );
        batch.update(
            "changed_identities",
            CHANGED_IDENTITIES,
            identities,
            changed_identities,
        );
        batch.insert(
            "new_union_owners",
            NEW_UNION_OWNERS,
            &rows.new_union_owners,
            union_owners,
        );
        batch.insert(
            "new_candidates",
            MERGE_CANDIDATES,
            &rows.merge_candidates,
            merge_candidates,
        );
        batch
    }

    fn insert<Row>(
        &mut self,
        name: &'static str,
        sql: &'static str,
        rows: &'a [Row],
        parameters: fn(&'a [Row]) -> Parameters<'a>,
    ) {
        if !rows.is_empty() {
            self.parts.push(Part {
                name,
                sql,
                parameters: parameters(rows),
            });
        }
    }

    /// Requires that `sql` changes all `rows`. It returns a row for each that it has changed.
    fn update<Row>(
        &mut self,
        name: &'static str,
        sql: &'static str,
        rows: &'a [Row],
        parameters: fn(&'a [Row]) -> Parameters<'a>,
    ) {
        if !rows.is_empty() {
            self.changed += i64::try_from(rows.len()).unwrap_or(i64::MAX);
            self.updates.push(name);
        }
        self.insert(name, sql, rows, parameters);
    }
}

/// Without a static id the text itself is the key in the cache of prepared statements.
impl QueryId for WriteBatch<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl RunQueryDsl<PgConnection> for WriteBatch<'_> {}

impl QueryFragment<Pg> for WriteBatch<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let mut before = "WITH ";
        for part in &self.parts {
            out.push_sql(before);
            out.push_sql(part.name);
            out.push_sql(" AS (");
            walk(part.sql, &part.parameters, &mut out)?;
            out.push_sql(")");
            before = ", ";
        }
        let (before_user, after_user) = SESSIONS.split_once("v.user_id").unwrap_or_default();
        out.push_sql(before_user);
        self.guarded_user(&mut out)?;
        walk(after_user, &self.sessions, &mut out)
    }
}

impl WriteBatch<'_> {
    fn guarded_user<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        if self.changed == 0 {
            out.push_sql("v.user_id");
            return Ok(());
        }
        out.push_sql("CASE WHEN 0");
        for name in &self.updates {
            out.push_sql(" + (SELECT count(*) FROM ");
            out.push_sql(name);
            out.push_sql(")");
        }
        out.push_sql(" = ");
        out.push_bind_param::<BigInt, _>(&self.changed)?;
        out.push_sql(" THEN v.user_id END");
        Ok(())
    }
}

type Parameters<'a> = Vec<Parameter<'a, Pg>>;

fn new_users(rows: &[WrittenUser]) -> Parameters<'_> {
    let mut lists = vec![
        list::<Id, _, _>(rows, |user| user.id),
        list::<Instant, _, _>(rows, |user| user.created_at),
    ];
    lists.extend(profiles(rows));
    lists
}

fn changed_users(rows: &[WrittenUser]) -> Parameters<'_> {
    let mut lists = vec![
        list::<Id, _, _>(rows, |user| user.id),
        list::<Integer, _, _>(rows, |user| user.revision),
    ];
    lists.extend(profiles(rows));
    lists
}

fn profiles(rows: &[WrittenUser]) -> Parameters<'_> {
    fn text<'a>(
        rows: &'a [WrittenUser],
        field: impl Fn(&'a ProfileRow) -> &'a Option<String>,
    ) -> Parameter<'a, Pg> {
        list::<Nullable<Text>, _, _>(rows, |user| field(&user.profile).as_deref())
    }
    vec![
        text(rows, |profile| &profile.nick_name),
        text(rows, |profile| &profile.avatar_url),
        list::<Nullable<SmallInt>, _, _>(rows, |user| user.profile.gender),
        text(rows, |profile| &profile.language),
        text(rows, |profile| &profile.country),
        text(rows, |profile| &profile.province),
        text(rows, |profile| &profile.city),
    ]
}

fn new_identities<'a>(rows: &'a [WrittenIdentity<'a>]) -> Parameters<'a> {
    let mut lists = vec![
        list::<Text, _, _>(rows, |identity| identity.open_id),
        list::<Text, _, _>(rows, |identity| identity.app_id),
        list::<Id, _, _>(rows, |identity| identity.user_id),
        list::<Instant, _, _>(rows, |identity| identity.created_at),
    ];
    lists.extend(learnt(rows));
    lists
}

fn changed_identities<'a>(rows: &'a [WrittenIdentity<'a>]) -> Parameters<'a> {
    let mut lists = vec![
        list::<Text, _, _>(rows, |identity| identity.open_id),
        list::<Text, _, _>(rows, |identity| identity.app_id),
        list::<Integer, _, _>(rows, |identity| identity.revision),
    ];
    lists.extend(learnt(rows));
    lists
}

/// What a login writes to its identity.
fn learnt<'a>(rows: &'a [WrittenIdentity<'a>]) -> Parameters<'a> {
    vec![
        list::<Nullable<Text>, _, _>(rows, |identity| identity.union_id),
        list::<Nullable<Text>, _, _>(rows, |identity| identity.open_platform),
        list::<Binary, _, _>(rows, |identity| identity.session_keys.as_slice()),
        list::<Instant, _, _>(rows, |identity| identity.last_login_at),
        list::<Integer, _, _>(rows, |identity| identity.sessions_opened),
    ]
}

fn union_owners<'a>(rows: &'a [NewUnionOwner<'a>]) -> Parameters<'a> {
    vec![
        list::<Text, _, _>(rows, |owner| owner.union_id),
        list::<Text, _, _>(rows, |owner| owner.open_platform),
        list::<Id, _, _>(rows, |owner| owner.user_id),
    ]
}

fn merge_candidates<'a>(rows: &'a [NewMergeCandidate<'a>]) -> Parameters<'a> {
    vec![
        list::<Id, _, _>(rows, |candidate| candidate.id),
        list::<Text, _, _>(rows, |candidate| candidate.open_platform),
        list::<Text, _, _>(rows, |candidate| candidate.union_id),
        list::<Id, _, _>(rows, |candidate| candidate.user_id),
        list::<Id, _, _>(rows, |candidate| candidate.union_user_id),
        list::<Instant, _, _>(rows, |candidate| candidate.created_at),
    ]
}

fn sessions<'a>(rows: &'a [NewSession<'a>]) -> Parameters<'a> {
    vec![
        list::<Id, _, _>(rows, |session| session.user_id),
        list::<Id, _, _>(rows, |session| session.id),
        list::<Text, _, _>(rows, |session| session.app_id),
        list::<Text, _, _>(rows, |session| session.open_id),
        list::<Instant, _, _>(rows, |session| session.created_at),
        list::<Instant, _, _>(rows, |session| session.expires_at),
        list::<Integer, _, _>(rows, |session| session.code_hour),
        list::<Binary, _, _>(rows, |session| session.code_hash),
        list::<Nullable<Binary>, _, _>(rows, |session| session.nonce_hash),
    ]
}
