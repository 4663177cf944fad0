//! The statement that writes a batch, as PostgreSQL gets it.

use diesel::pg::{Pg, PgConnection};
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::BigInt;
use diesel::{QueryResult, RunQueryDsl};

use crate::columns::{Columns, Lists};
use crate::statement::{Statement, over, source};
use crate::visits::batch_rows::{BatchRows, NewSessionRow};
use crate::visits::statements::{
    INSERT_SESSIONS, InsertIdentities, InsertMergeCandidates, InsertSessions, InsertUnionOwners,
    InsertUsers, UpdateIdentities, UpdateUsers,
};

/// The one statement that writes a batch: all of it or, if anything it was planned upon has
/// changed, nothing.
///
/// It names only the tables a batch touches, because naming costs; so there are as many texts as
/// kinds of batches, a handful, and each is prepared once a connection.
pub(super) struct WriteAll<'a> {
    steps: Vec<Step<'a>>,
    sessions: Lists<'a>,
    /// How many rows are to change.
    changing: i64,
}

/// A part of the statement, as a common table expression.
struct Step<'a> {
    name: &'static str,
    statement: for<'b> fn(&'b Lists<'a>, &mut AstPass<'_, 'b, Pg>) -> QueryResult<()>,
    lists: Lists<'a>,
    /// Whether all its rows must be found as they were loaded.
    is_counted: bool,
}

impl<'a> WriteAll<'a> {
    pub(super) fn of(rows: &'a BatchRows<'a>) -> Self {
        let mut batch = Self {
            steps: Vec::with_capacity(6),
            sessions: NewSessionRow::lists(&rows.sessions),
            changing: 0,
        };
        batch.insert::<InsertUsers>("new_users", &rows.new_users);
        batch.update::<UpdateUsers>("changed_users", &rows.changed_users);
        batch.insert::<InsertIdentities>("new_identities", &rows.new_identities);
        batch.update::<UpdateIdentities>("changed_identities", &rows.changed_identities);
        batch.insert::<InsertUnionOwners>("new_union_owners", &rows.new_union_owners);
        batch.insert::<InsertMergeCandidates>("new_candidates", &rows.merge_candidates);
        batch
    }

    fn insert<S: Statement>(&mut self, name: &'static str, rows: &'a [S::Row<'a>]) {
        self.push::<S>(name, rows, false);
    }

    fn update<S: Statement>(&mut self, name: &'static str, rows: &'a [S::Row<'a>]) {
        self.changing += i64::try_from(rows.len()).unwrap_or(i64::MAX);
        self.push::<S>(name, rows, true);
    }

    fn push<S: Statement>(&mut self, name: &'static str, rows: &'a [S::Row<'a>], is_counted: bool) {
        if !rows.is_empty() {
            self.steps.push(Step {
                name,
                statement: over::<S>,
                lists: S::Row::lists(rows),
                is_counted,
            });
        }
    }

    /// Writes the user of a session: nobody, which is refused, if not all rows have changed that
    /// should.
    fn guarded_user<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        if self.changing == 0 {
            out.push_sql("v.user_id");
            return Ok(());
        }
        out.push_sql("CASE WHEN 0");
        for step in self.steps.iter().filter(|step| step.is_counted) {
            out.push_sql(" + (SELECT count(*) FROM ");
            out.push_sql(step.name);
            out.push_sql(")");
        }
        out.push_sql(" = ");
        out.push_bind_param::<BigInt, _>(&self.changing)?;
        out.push_sql(" THEN v.user_id END");
        Ok(())
    }
}

/// Without a static id the text itself is the key in the cache of prepared statements.
impl QueryId for WriteAll<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl RunQueryDsl<PgConnection> for WriteAll<'_> {}

impl QueryFragment<Pg> for WriteAll<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let mut before = "WITH ";
        for step in &self.steps {
            out.push_sql(before);
            out.push_sql(step.name);
            out.push_sql(" AS (");
            (step.statement)(&step.lists, &mut out)?;
            out.push_sql(if step.is_counted {
                " RETURNING 1) "
            } else {
                ") "
            });
            before = ", ";
        }
        out.push_sql(INSERT_SESSIONS);
        self.guarded_user(&mut out)?;
        out.push_sql(" FROM ");
        source::<InsertSessions>(&self.sessions, &mut out)
    }
}
