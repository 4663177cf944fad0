//! Writes a batch: all of it or, if anything it was planned upon has changed, nothing.
//!
//! On SQLite each row is a statement of the transaction that also loaded them. On PostgreSQL all rows
//! are one statement, which is a transaction of its own: no BEGIN, no COMMIT, no locks held while we
//! plan. It fails, and the batch is loaded and planned anew,
//! - if an identity, or a unionid's owner, that is to be new has come meanwhile (primary keys);
//! - if a row that is to change has another revision than the one loaded.
//!
//! A batch consists of the parts that it has rows for, `WITH a AS (…), b AS (…) INSERT INTO
//! sessions …`: naming a table costs also when its list is empty, because it is opened and locked
//! with its indexes (with all six parts a first login took 0.2 ms more of PostgreSQL's processor). So
//! there are as many texts as kinds of batches, a handful, and each is prepared once a connection.
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
use diesel::result::Error;
use diesel::sql_types::BigInt;

use super::batch_rows::BatchRows;
use super::statements::{
    ChangedIdentities, ChangedUsers, NewCandidates, NewIdentities, NewUnionOwners, NewUsers,
    Sessions,
};
use crate::connection::AnyConnection;
use crate::statement::{ForRows, Parameter, Statement, walk, write_all};

pub(super) fn write(connection: &mut AnyConnection, rows: &BatchRows<'_>) -> QueryResult<()> {
    match connection {
        AnyConnection::Postgres(_) if rows.sessions.is_empty() => Ok(()),
        AnyConnection::Postgres(connection) => WriteBatch::of(rows).execute(connection).map(drop),
        AnyConnection::Sqlite(_) => {
            write_all::<NewUsers>(connection, &rows.new_users)?;
            write_all::<ChangedUsers>(connection, &rows.changed_users)?;
            write_all::<NewIdentities>(connection, &rows.new_identities)?;
            write_all::<ChangedIdentities>(connection, &rows.changed_identities)?;
            write_all::<NewUnionOwners>(connection, &rows.new_union_owners)?;
            write_all::<NewCandidates>(connection, rows.merge_candidates)?;
            write_all::<Sessions>(connection, &rows.sessions)
        }
    }
}

struct WriteBatch<'a> {
    parts: Vec<Part<'a>>,
    /// How many rows the updates among them must change.
    changed: i64,
    sessions: Vec<Parameter<'a, Pg>>,
}

/// A part that has rows.
struct Part<'a> {
    /// What the other parts call it.
    name: &'static str,
    sql: &'static str,
    parameters: Vec<Parameter<'a, Pg>>,
    /// How many rows it must change. It returns one for each that it has changed.
    changed: usize,
}

impl<'a> Part<'a> {
    fn insert<S: ForRows>(name: &'static str, rows: &'a [S::Row<'a>]) -> Option<Self> {
        (!rows.is_empty()).then(|| Self {
            name,
            sql: <S as Statement<Pg>>::SQL,
            parameters: S::lists(rows),
            changed: 0,
        })
    }

    fn update<S: ForRows>(name: &'static str, rows: &'a [S::Row<'a>]) -> Option<Self> {
        let part = Self::insert::<S>(name, rows)?;
        let changed = rows.len();
        Some(Self { changed, ..part })
    }
}

impl<'a> WriteBatch<'a> {
    fn of(rows: &'a BatchRows<'a>) -> Self {
        let parts = [
            Part::insert::<NewUsers>("new_users", &rows.new_users),
            Part::update::<ChangedUsers>("changed_users", &rows.changed_users),
            Part::insert::<NewIdentities>("new_identities", &rows.new_identities),
            Part::update::<ChangedIdentities>("changed_identities", &rows.changed_identities),
            Part::insert::<NewUnionOwners>("new_union_owners", &rows.new_union_owners),
            Part::insert::<NewCandidates>("new_candidates", rows.merge_candidates),
        ];
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        let changed = parts.iter().map(|part| part.changed).sum::<usize>();
        Self {
            parts,
            changed: i64::try_from(changed).unwrap_or(i64::MAX),
            sessions: Sessions::lists(&rows.sessions),
        }
    }

    fn guarded_user<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        if self.changed == 0 {
            out.push_sql("v.user_id");
            return Ok(());
        }
        out.push_sql("CASE WHEN 0");
        for part in self.parts.iter().filter(|part| part.changed > 0) {
            out.push_sql(" + (SELECT count(*) FROM ");
            out.push_sql(part.name);
            out.push_sql(")");
        }
        out.push_sql(" = ");
        out.push_bind_param::<BigInt, _>(&self.changed)?;
        out.push_sql(" THEN v.user_id END");
        Ok(())
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
        let sessions = <Sessions as Statement<Pg>>::SQL;
        let user = sessions.split_once("v.user_id");
        let missing = || Error::QueryBuilderError("the sessions have no v.user_id".into());
        let (before_user, after_user) = user.ok_or_else(missing)?;
        out.push_sql(before_user);
        self.guarded_user(&mut out)?;
        walk(after_user, &self.sessions, &mut out)
    }
}
