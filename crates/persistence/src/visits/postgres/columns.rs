//! Rows as lists, one for each column: what PostgreSQL's `unnest` makes rows of again.

use std::fmt::Debug;
use std::marker::PhantomData;

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::AstPass;
use diesel::serialize::ToSql;
use diesel::sql_types::{Array, HasSqlType};

/// The columns of some rows, in the order in which they were added.
pub(super) struct Columns<'a, Row> {
    rows: &'a [Row],
    columns: Vec<Box<dyn Column + 'a>>,
}

impl<'a, Row> Columns<'a, Row> {
    pub(super) fn of(rows: &'a [Row]) -> Self {
        Self {
            rows,
            columns: Vec::with_capacity(12),
        }
    }

    /// Adds a column of the SQL type `ST`.
    pub(super) fn with<ST, T>(mut self, value: impl FnMut(&'a Row) -> T) -> Self
    where
        ST: 'static,
        T: ToSql<ST, Pg> + Debug + 'a,
        Pg: HasSqlType<ST>,
    {
        let values: Vec<T> = self.rows.iter().map(value).collect();
        self.columns.push(Box::new(List {
            values,
            sql_type: PhantomData,
        }));
        self
    }

    /// Writes `unnest($1, $2, …)`.
    pub(super) fn unnest<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("unnest(");
        for (index, column) in self.columns.iter().enumerate() {
            if index > 0 {
                out.push_sql(", ");
            }
            column.bind(out)?;
        }
        out.push_sql(")");
        Ok(())
    }
}

trait Column {
    fn bind<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()>;
}

struct List<ST, T> {
    values: Vec<T>,
    sql_type: PhantomData<ST>,
}

impl<ST, T> Column for List<ST, T>
where
    ST: 'static,
    T: ToSql<ST, Pg> + Debug,
    Pg: HasSqlType<ST>,
{
    fn bind<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_bind_param::<Array<ST>, _>(&self.values)
    }
}
