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
use domain::id::UserId;
use domain::profile::{Gender, Profile};
use domain::session::SessionAccount;
use domain::visit::Visit;

use crate::statement::{Parameter, list, walk};
use crate::types::{DbId, DbInstant, Id, Instant};
use crate::visits::batch_rows::{BatchRows, WrittenIdentity, code_hash, code_hour, nonce_hash};
use crate::visits::known::{MergeCandidate, PlannedUser, UnionKey};

/// The name of a part, and its text.
type Sql = (&'static str, &'static str);

const NEW_USERS: Sql = (
    "new_users",
    "
INSERT INTO users (id, created_at, nick_name, avatar_url, gender, language, country, province,
                   city)
SELECT v.id, v.created_at, v.nick_name, v.avatar_url, v.gender, v.language, v.country, v.province,
       v.city
FROM unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::text[], $5::smallint[], $6::text[],
            $7::text[], $8::text[], $9::text[])
    AS v (id, created_at, nick_name, avatar_url, gender, language, country, province, city)",
);

/// Changes those users that are still at the revision they were loaded at.
const CHANGED_USERS: Sql = (
    "changed_users",
    "
UPDATE users AS u
SET nick_name = v.nick_name, avatar_url = v.avatar_url, gender = v.gender,
    language = v.language, country = v.country, province = v.province, city = v.city,
    revision = u.revision + 1
FROM unnest($1::uuid[], $2::integer[], $3::text[], $4::text[], $5::smallint[], $6::text[],
            $7::text[], $8::text[], $9::text[])
    AS v (id, revision, nick_name, avatar_url, gender, language, country, province, city)
WHERE u.id = v.id AND u.revision = v.revision
RETURNING 1",
);

const NEW_IDENTITIES: Sql = (
    "new_identities",
    "
INSERT INTO identities (open_id, app_id, user_id, created_at, union_id, open_platform,
                        session_keys, last_login_at, sessions_opened)
SELECT v.open_id, v.app_id, v.user_id, v.created_at, v.union_id, v.open_platform,
       v.session_keys, v.last_login_at, v.sessions_opened
FROM unnest($1::text[], $2::text[], $3::uuid[], $4::timestamptz[], $5::text[], $6::text[],
            $7::bytea[], $8::timestamptz[], $9::integer[])
    AS v (open_id, app_id, user_id, created_at, union_id, open_platform, session_keys,
          last_login_at, sessions_opened)",
);

/// Changes those identities that are still at the revision they were loaded at.
const CHANGED_IDENTITIES: Sql = (
    "changed_identities",
    "
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
);

const NEW_UNION_OWNERS: Sql = (
    "new_union_owners",
    "
INSERT INTO union_ids (union_id, open_platform, user_id)
SELECT v.union_id, v.open_platform, v.user_id
FROM unnest($1::text[], $2::text[], $3::uuid[]) AS v (union_id, open_platform, user_id)",
);

/// A pair of users is noted once.
const MERGE_CANDIDATES: Sql = (
    "new_candidates",
    "
INSERT INTO merge_candidates (id, open_platform, union_id, user_id, union_user_id, created_at)
SELECT v.id, v.open_platform, v.union_id, v.user_id, v.union_user_id, v.created_at
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::uuid[], $6::timestamptz[])
    AS v (id, open_platform, union_id, user_id, union_user_id, created_at)
ON CONFLICT (user_id, union_user_id) DO NOTHING",
);

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
    parts: Vec<(Sql, Parameters<'a>)>,
    /// The parts whose rows must all be found as they were loaded.
    updates: Vec<&'static str>,
    /// How many rows these parts must change.
    changed: i64,
    sessions: Parameters<'a>,
}

impl<'a> WriteBatch<'a> {
    pub(super) fn of(rows: &'a BatchRows<'a>) -> Self {
        let mut batch = Self {
            parts: Vec::with_capacity(6),
            updates: Vec::with_capacity(2),
            changed: 0,
            sessions: sessions(&rows.sessions),
        };
        batch.insert(NEW_USERS, &rows.new_users, new_users);
        batch.update(CHANGED_USERS, &rows.changed_users, changed_users);
        batch.insert(NEW_IDENTITIES, &rows.new_identities, new_identities);
        let (identities, lists) = (&rows.changed_identities, changed_identities);
        batch.update(CHANGED_IDENTITIES, identities, lists);
        batch.insert(NEW_UNION_OWNERS, &rows.new_union_owners, union_owners);
        batch.insert(MERGE_CANDIDATES, rows.merge_candidates, merge_candidates);
        batch
    }

    fn insert<Row>(
        &mut self,
        sql: Sql,
        rows: &'a [Row],
        parameters: fn(&'a [Row]) -> Parameters<'a>,
    ) {
        if !rows.is_empty() {
            self.parts.push((sql, parameters(rows)));
        }
    }

    /// Requires that `sql` changes all `rows`. It returns a row for each that it has changed.
    fn update<Row>(
        &mut self,
        sql: Sql,
        rows: &'a [Row],
        parameters: fn(&'a [Row]) -> Parameters<'a>,
    ) {
        if !rows.is_empty() {
            self.changed += i64::try_from(rows.len()).unwrap_or(i64::MAX);
            self.updates.push(sql.0);
        }
        self.insert(sql, rows, parameters);
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
        for ((name, sql), parameters) in &self.parts {
            out.push_sql(before);
            out.push_sql(name);
            out.push_sql(" AS (");
            walk(sql, parameters, &mut out)?;
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

fn new_users<'a>(rows: &'a [&'a PlannedUser]) -> Parameters<'a> {
    let mut lists = vec![
        list::<Id, _, _>(rows, |planned| DbId(planned.user.id.as_uuid())),
        list::<Instant, _, _>(rows, |planned| DbInstant::from(planned.user.created_at)),
    ];
    lists.extend(profiles(rows));
    lists
}

fn changed_users<'a>(rows: &'a [&'a PlannedUser]) -> Parameters<'a> {
    let mut lists = vec![
        list::<Id, _, _>(rows, |planned| DbId(planned.user.id.as_uuid())),
        list::<Integer, _, _>(rows, |planned| planned.origin.revision()),
    ];
    lists.extend(profiles(rows));
    lists
}

fn profiles<'a>(rows: &'a [&'a PlannedUser]) -> Parameters<'a> {
    fn text<'a>(
        rows: &'a [&'a PlannedUser],
        field: impl Fn(&'a Profile) -> &'a Option<String>,
    ) -> Parameter<'a, Pg> {
        list::<Nullable<Text>, _, _>(rows, |planned| field(&planned.user.profile).as_deref())
    }
    let gender = |planned: &&PlannedUser| planned.user.profile.gender.map(Gender::number);
    vec![
        text(rows, |profile| &profile.nick_name),
        text(rows, |profile| &profile.avatar_url),
        list::<Nullable<SmallInt>, _, _>(rows, gender),
        text(rows, |profile| &profile.language),
        text(rows, |profile| &profile.country),
        text(rows, |profile| &profile.province),
        text(rows, |profile| &profile.city),
    ]
}

fn new_identities<'a>(rows: &'a [WrittenIdentity<'a>]) -> Parameters<'a> {
    let mut lists = names(rows);
    lists.push(list::<Id, _, _>(rows, |row| {
        DbId(row.planned.user_id.as_uuid())
    }));
    lists.push(list::<Instant, _, _>(rows, |row| {
        DbInstant::from(row.planned.created_at)
    }));
    lists.extend(learnt(rows));
    lists
}

fn changed_identities<'a>(rows: &'a [WrittenIdentity<'a>]) -> Parameters<'a> {
    let mut lists = names(rows);
    lists.push(list::<Integer, _, _>(rows, |row| {
        row.planned.origin.revision()
    }));
    lists.extend(learnt(rows));
    lists
}

fn names<'a>(rows: &'a [WrittenIdentity<'a>]) -> Parameters<'a> {
    vec![
        list::<Text, _, _>(rows, |row| row.planned.identity.open_id.as_str()),
        list::<Text, _, _>(rows, |row| row.planned.identity.app_id.as_str()),
    ]
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

fn union_owners<'a>(rows: &'a [(&'a UnionKey, &'a UserId)]) -> Parameters<'a> {
    vec![
        list::<Text, _, _>(rows, |((union_id, _), _)| union_id.as_str()),
        list::<Text, _, _>(rows, |((_, platform), _)| platform.as_str()),
        list::<Id, _, _>(rows, |(_, user)| DbId(user.as_uuid())),
    ]
}

fn merge_candidates(rows: &[MergeCandidate]) -> Parameters<'_> {
    vec![
        list::<Id, _, _>(rows, |candidate| DbId(candidate.session_id.as_uuid())),
        list::<Text, _, _>(rows, |candidate| candidate.union.1.as_str()),
        list::<Text, _, _>(rows, |candidate| candidate.union.0.as_str()),
        list::<Id, _, _>(rows, |candidate| DbId(candidate.user_id.as_uuid())),
        list::<Id, _, _>(rows, |candidate| DbId(candidate.union_user_id.as_uuid())),
        list::<Instant, _, _>(rows, |candidate| DbInstant::from(candidate.at)),
    ]
}

fn sessions<'a>(rows: &'a [(&'a Visit, &'a SessionAccount)]) -> Parameters<'a> {
    vec![
        list::<Id, _, _>(rows, |(_, account)| DbId(account.user.id.as_uuid())),
        list::<Id, _, _>(rows, |(_, account)| DbId(account.session.id.as_uuid())),
        list::<Text, _, _>(rows, |(visit, _)| visit.app.id.as_str()),
        list::<Text, _, _>(rows, |(visit, _)| visit.open_id.as_str()),
        list::<Instant, _, _>(rows, |(_, account)| {
            DbInstant::from(account.session.created_at)
        }),
        list::<Instant, _, _>(rows, |(_, account)| {
            DbInstant::from(account.session.expires_at)
        }),
        list::<Integer, _, _>(rows, |(visit, _)| code_hour(visit.at)),
        list::<Binary, _, _>(rows, |(visit, _)| code_hash(visit)),
        list::<Nullable<Binary>, _, _>(rows, |(visit, _)| nonce_hash(visit)),
    ]
}
