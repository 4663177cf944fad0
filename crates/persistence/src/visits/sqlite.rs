//! A batch on SQLite: one transaction, which nobody else writes beside, with a prepared
//! statement for each row.

use std::marker::PhantomData;

use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sqlite::{Sqlite, SqliteConnection};
use diesel::{QueryResult, RunQueryDsl};
use domain::visit::Visit;

use super::WrittenVisit;
use super::batch_rows::{BatchRows, UnionName, identity_names};
use super::load::{KnownIdentityRow, UnionOwnerRow};
use super::plan::{Known, plan};
use super::statements::{
    InsertIdentities, InsertMergeCandidates, InsertSessions, InsertUnionOwners, InsertUsers,
    LoadBans, LoadIdentities, LoadUnionOwners, UpdateIdentities, UpdateUsers,
};
use crate::columns::Columns;
use crate::error::DatabaseError;
use crate::key_ring::SessionKeyVault;
use crate::statement::{Load, Statement};
use crate::stored_keys::IdentityHashKey;

pub(super) fn record(
    connection: &mut SqliteConnection,
    visits: &[&Visit],
    vault: &SessionKeyVault,
    key: &IdentityHashKey,
) -> Result<Vec<WrittenVisit>, DatabaseError> {
    connection.immediate_transaction(|connection| {
        let known = load(connection, visits, vault, key)?;
        let plan = plan(visits.iter().copied(), known);
        write(connection, &BatchRows::of(visits, &plan, vault)?)?;
        Ok(plan.written())
    })
}

fn load(
    connection: &mut SqliteConnection,
    visits: &[&Visit],
    vault: &SessionKeyVault,
    key: &IdentityHashKey,
) -> QueryResult<Known> {
    let mut known = Known::default();
    for name in identity_names(visits) {
        let row = OneRow::<LoadIdentities>::of(&name);
        for row in row.load::<KnownIdentityRow>(connection)? {
            known.add_identity(row, vault);
        }
    }
    for union in known.unsettled_unions(visits) {
        let name = UnionName::of(&union);
        let row = OneRow::<LoadUnionOwners>::of(&name);
        for row in row.load::<UnionOwnerRow>(connection)? {
            known.add_union_owner(row);
        }
    }
    let newcomers = known.newcomers(visits, key);
    let mut banned = Vec::new();
    for hash in newcomers.hashes() {
        banned.extend(OneRow::<LoadBans>::of(&hash).load::<Vec<u8>>(connection)?);
    }
    known.banned = newcomers.banned(&banned);
    Ok(known)
}

fn write(connection: &mut SqliteConnection, rows: &BatchRows<'_>) -> QueryResult<()> {
    execute_all::<InsertUsers>(connection, &rows.new_users)?;
    execute_all::<UpdateUsers>(connection, &rows.changed_users)?;
    execute_all::<InsertIdentities>(connection, &rows.new_identities)?;
    execute_all::<UpdateIdentities>(connection, &rows.changed_identities)?;
    execute_all::<InsertUnionOwners>(connection, &rows.new_union_owners)?;
    execute_all::<InsertMergeCandidates>(connection, &rows.merge_candidates)?;
    execute_all::<InsertSessions>(connection, &rows.sessions)
}

fn execute_all<'a, S: Statement>(
    connection: &mut SqliteConnection,
    rows: &'a [S::Row<'a>],
) -> QueryResult<()> {
    for row in rows {
        OneRow::<S>::of(row).execute(connection)?;
    }
    Ok(())
}

/// A statement over one row.
struct OneRow<'a, S: Statement> {
    row: &'a S::Row<'a>,
    statement: PhantomData<S>,
}

impl<'a, S: Statement> OneRow<'a, S> {
    fn of(row: &'a S::Row<'a>) -> Self {
        Self {
            row,
            statement: PhantomData,
        }
    }
}

/// The text is always the same: SQLite prepares it once a connection.
impl<S: Statement> QueryId for OneRow<'_, S> {
    type QueryId = OneRow<'static, S>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<S: Load> Query for OneRow<'_, S> {
    type SqlType = S::SqlType;
}

impl<S: Statement> RunQueryDsl<SqliteConnection> for OneRow<'_, S> {}

impl<S: Statement> QueryFragment<Sqlite> for OneRow<'_, S> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        for piece in S::HEAD {
            out.push_sql(piece);
        }
        out.push_sql("(SELECT ");
        self.row.select(&mut out)?;
        out.push_sql(") AS v");
        for piece in S::TAIL {
            out.push_sql(piece);
        }
        Ok(())
    }
}
