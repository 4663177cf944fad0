//! Statements whose text stands in the source, so that it can be read, and explained in psql.

use std::marker::PhantomData;

use diesel::backend::Backend;
use diesel::connection::Connection;
use diesel::dsl::AsSelect;
use diesel::expression::{AsExpression, TypedExpressionType};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::query_dsl::methods::LoadQuery;
use diesel::result::Error;
use diesel::sql_types::{Array, SqlType};
use diesel::sqlite::Sqlite;

use crate::connection::AnyConnection;

/// The text of a statement on a backend.
///
/// `$1` stands for the first parameter, as often as it is named. If the statement gives rows, it has
/// one `*`, in whose place Diesel writes the columns of the row by their names.
pub(crate) trait Statement<DB>: 'static {
    const SQL: &'static str;
}

/// Declares a [`Statement`] with its text.
macro_rules! statement {
    ($(#[$doc:meta])* $name:ident = $sql:literal) => {
        $(#[$doc])*
        struct $name;

        impl<DB> $crate::statement::Statement<DB> for $name {
            const SQL: &'static str = $sql;
        }
    };
}

/// A statement for many rows. PostgreSQL takes all of them at once, as lists, so that the text does
/// not depend on how many there are; SQLite takes one after the other.
pub(crate) trait ForRows: Statement<Pg> + Statement<Sqlite> {
    type Row<'a>;

    fn lists<'a>(rows: &'a [Self::Row<'a>]) -> Vec<Parameter<'a, Pg>>;
    fn values<'a>(row: &'a Self::Row<'a>) -> Vec<Parameter<'a, Sqlite>>;
}

/// Declares a statement [`ForRows`]: its row, its two texts, and SQL type and value of each
/// parameter.
macro_rules! for_rows {
    ($(#[$doc:meta])* $name:ident($row:ident: $type:ty)
        postgres = $postgres:literal sqlite = $sqlite:literal
        $($sql_type:ty = $value:expr,)*) => {
        $(#[$doc])*
        pub(super) struct $name;

        impl $crate::statement::Statement<::diesel::pg::Pg> for $name {
            const SQL: &'static str = $postgres;
        }

        impl $crate::statement::Statement<::diesel::sqlite::Sqlite> for $name {
            const SQL: &'static str = $sqlite;
        }

        impl $crate::statement::ForRows for $name {
            type Row<'a> = $type;

            fn lists<'a>(
                rows: &'a [Self::Row<'a>],
            ) -> Vec<$crate::statement::Parameter<'a, ::diesel::pg::Pg>> {
                vec![$($crate::statement::list::<$sql_type, _, _>(rows, |$row| $value)),*]
            }

            fn values<'a>(
                $row: &'a Self::Row<'a>,
            ) -> Vec<$crate::statement::Parameter<'a, ::diesel::sqlite::Sqlite>> {
                vec![$($crate::statement::value::<$sql_type, _, _>($value)),*]
            }
        }
    };
}

pub(crate) use {for_rows, statement};

/// Executes a statement for `rows`. On SQLite each is a statement of its own.
pub(crate) fn write_all<'a, S: ForRows>(
    connection: &mut AnyConnection,
    rows: &'a [S::Row<'a>],
) -> QueryResult<()> {
    match connection {
        AnyConnection::Postgres(connection) => {
            Prepared::<S, Pg>::new(S::lists(rows)).execute(connection)?;
        }
        AnyConnection::Sqlite(connection) => {
            for row in rows {
                Prepared::<S, Sqlite>::new(S::values(row)).execute(connection)?;
            }
        }
    }
    Ok(())
}

/// The rows that a statement gives for `keys`.
pub(crate) fn load_all<'a, S, Row>(
    connection: &mut AnyConnection,
    keys: &'a [S::Row<'a>],
) -> QueryResult<Vec<Row>>
where
    S: ForRows,
    Row: Selectable<Pg> + Selectable<Sqlite>,
    Prepared<'a, S, Pg, AsSelect<Row, Pg>>: LoadQuery<'a, PgConnection, Row>,
    Prepared<'a, S, Sqlite, AsSelect<Row, Sqlite>>: LoadQuery<'a, SqliteConnection, Row>,
{
    match connection {
        AnyConnection::Postgres(connection) => {
            let statement = Prepared::<S, Pg>::new(S::lists(keys));
            statement.select(Row::as_select()).load(connection)
        }
        AnyConnection::Sqlite(connection) => {
            let mut rows = Vec::with_capacity(keys.len());
            for key in keys {
                let statement = Prepared::<S, Sqlite>::new(S::values(key));
                rows.append(&mut statement.select(Row::as_select()).load(connection)?);
            }
            Ok(rows)
        }
    }
}

/// A statement with its parameters. Each is prepared once a connection, under the type `S`, which
/// Diesel does not do for updates and for SQL of its `sql_query`.
pub(crate) struct Prepared<'a, S, DB, Columns = ()> {
    parameters: Vec<Parameter<'a, DB>>,
    columns: Option<Columns>,
    statement: PhantomData<S>,
}

pub(crate) type Parameter<'a, DB> = Box<dyn QueryFragment<DB> + 'a>;

impl<'a, S: Statement<DB>, DB> Prepared<'a, S, DB> {
    pub(crate) fn new(parameters: Vec<Parameter<'a, DB>>) -> Self {
        Self {
            parameters,
            columns: None,
            statement: PhantomData,
        }
    }

    /// For a statement that gives rows of these columns.
    pub(crate) fn select<Columns>(self, columns: Columns) -> Prepared<'a, S, DB, Columns> {
        Prepared {
            parameters: self.parameters,
            columns: Some(columns),
            statement: PhantomData,
        }
    }
}

impl<S: 'static, DB, Columns> QueryId for Prepared<'_, S, DB, Columns> {
    type QueryId = S;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<S, DB, Columns: Expression> Query for Prepared<'_, S, DB, Columns> {
    type SqlType = Columns::SqlType;
}

impl<C: Connection, S, DB, Columns> RunQueryDsl<C> for Prepared<'_, S, DB, Columns> {}

impl<S, DB, Columns> QueryFragment<DB> for Prepared<'_, S, DB, Columns>
where
    S: Statement<DB>,
    DB: Backend,
    Columns: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        let Some(columns) = &self.columns else {
            return walk(S::SQL, &self.parameters, &mut out);
        };
        let missing = || Error::QueryBuilderError("there is no * for the columns".into());
        let (before, after) = S::SQL.split_once('*').ok_or_else(missing)?;
        walk(before, &self.parameters, &mut out)?;
        columns.walk_ast(out.reborrow())?;
        walk(after, &self.parameters, &mut out)
    }
}

/// Writes a text with its parameters.
pub(crate) fn walk<'b, DB: Backend>(
    sql: &str,
    parameters: &'b [Parameter<'_, DB>],
    out: &mut AstPass<'_, 'b, DB>,
) -> QueryResult<()> {
    let mut pieces = sql.split('$');
    out.push_sql(pieces.next().unwrap_or_default());
    for piece in pieces {
        let text = piece.trim_start_matches(|character: char| character.is_ascii_digit());
        let number = piece
            .strip_suffix(text)
            .and_then(|digits| digits.parse().ok());
        let parameter = number.and_then(|number: usize| parameters.get(number.checked_sub(1)?));
        let missing = || Error::QueryBuilderError("a parameter has no value".into());
        parameter.ok_or_else(missing)?.walk_ast(out.reborrow())?;
        out.push_sql(text);
    }
    Ok(())
}

/// A parameter of the SQL type `ST`.
pub(crate) fn value<'a, ST, T, DB>(value: T) -> Parameter<'a, DB>
where
    ST: SqlType + TypedExpressionType,
    T: AsExpression<ST, Expression: QueryFragment<DB> + 'a>,
    DB: Backend,
{
    Box::new(value.as_expression())
}

/// A list of values of the SQL type `ST`, one for each row.
pub(crate) fn list<'a, ST, Row, T>(
    rows: &'a [Row],
    value_of: impl Fn(&'a Row) -> T,
) -> Parameter<'a, Pg>
where
    ST: SqlType,
    Vec<T>: AsExpression<Array<ST>, Expression: QueryFragment<Pg> + 'a>,
{
    value::<Array<ST>, _, _>(rows.iter().map(value_of).collect::<Vec<_>>())
}

/// A piece of SQL with parameters of its own, from `$1`, in the place of a parameter. On one backend
/// it must be the same each time, because the whole is prepared once.
pub(crate) fn text<'a, DB: Backend + 'a>(
    sql: &'static str,
    parameters: Vec<Parameter<'a, DB>>,
) -> Parameter<'a, DB> {
    Box::new(Text { sql, parameters })
}

struct Text<'a, DB> {
    sql: &'static str,
    parameters: Vec<Parameter<'a, DB>>,
}

impl<DB: Backend> QueryFragment<DB> for Text<'_, DB> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        walk(self.sql, &self.parameters, &mut out)
    }
}
