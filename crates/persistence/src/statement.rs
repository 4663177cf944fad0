//! Statements over rows named `v`, the same text on both databases but for what `v` is.

use std::marker::PhantomData;

use diesel::pg::{Pg, PgConnection};
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::{QueryResult, RunQueryDsl};

use crate::columns::{Columns, Lists};

pub(crate) type SqlTypeOf<Columns> = <Columns as diesel::Expression>::SqlType;

/// All columns of `users u` in the order of [`UserRow`](crate::rows::UserRow), and when the user
/// last logged in.
pub(crate) const USER: &str = "u.id, u.nick_name, u.avatar_url, u.gender, u.language, \
    u.country, u.province, u.city, u.phone, u.created_at, u.disabled_at, u.revision, \
    u.sessions_ended_until, \
    (SELECT max(s.last_login_at) FROM identities s WHERE s.user_id = u.id) ";

/// A statement: `HEAD v TAIL`.
pub(crate) trait Statement: 'static {
    /// What `v` has.
    type Row<'a>: Columns;
    /// The text before `v`, in pieces.
    const HEAD: &'static [&'static str];
    /// The text after `v`, in pieces.
    const TAIL: &'static [&'static str];
}

/// A statement that gives rows of `SqlType`.
pub(crate) trait Load: Statement {
    type SqlType;
}

/// A statement that gives rows, over any number of `v`, on PostgreSQL. Its text is always the
/// same, so that PostgreSQL prepares it once a connection.
pub(crate) struct LoadAll<'a, S> {
    lists: Lists<'a>,
    statement: PhantomData<S>,
}

impl<'a, S: Load> LoadAll<'a, S> {
    pub(crate) fn of(rows: &'a [S::Row<'a>]) -> Self {
        Self {
            lists: S::Row::lists(rows),
            statement: PhantomData,
        }
    }
}

impl<S: Load> QueryId for LoadAll<'_, S> {
    type QueryId = LoadAll<'static, S>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<S: Load> Query for LoadAll<'_, S> {
    type SqlType = S::SqlType;
}

impl<S> RunQueryDsl<PgConnection> for LoadAll<'_, S> {}

impl<S: Load> QueryFragment<Pg> for LoadAll<'_, S> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        over::<S>(&self.lists, &mut out)
    }
}

/// Writes a statement over `v`.
pub(crate) fn over<'b, S: Statement>(
    lists: &'b Lists<'_>,
    out: &mut AstPass<'_, 'b, Pg>,
) -> QueryResult<()> {
    for piece in S::HEAD {
        out.push_sql(piece);
    }
    source::<S>(lists, out)?;
    for piece in S::TAIL {
        out.push_sql(piece);
    }
    Ok(())
}

/// Writes what `v` is.
pub(crate) fn source<'b, S: Statement>(
    lists: &'b Lists<'_>,
    out: &mut AstPass<'_, 'b, Pg>,
) -> QueryResult<()> {
    lists.unnest(out)?;
    out.push_sql(" AS v (");
    out.push_sql(S::Row::NAMES);
    out.push_sql(")");
    Ok(())
}
