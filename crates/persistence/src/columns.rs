//! Rows that are handed to a statement, on both databases under the name `v`.
//!
//! PostgreSQL gets any number of them as lists, one for each column: `unnest($1, $2) AS v (a, b)`.
//! SQLite gets one at a time: `(SELECT ? AS a, ? AS b) AS v`.

use std::fmt::Debug;
use std::marker::PhantomData;

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::AstPass;
use diesel::serialize::ToSql;
use diesel::sql_types::{Array, HasSqlType};
use diesel::sqlite::Sqlite;

/// A row that can be handed to a statement. [`columns!`](columns) makes it one.
pub(crate) trait Columns: Sized {
    /// The names of its columns, with commas between.
    const NAMES: &'static str;

    /// The values of `rows`, one list for each column.
    fn lists(rows: &[Self]) -> Lists<'_>;

    /// Writes `? AS a, ? AS b`.
    fn select<'b>(&'b self, out: &mut AstPass<'_, 'b, Sqlite>) -> QueryResult<()>;
}

/// The columns of some rows.
pub(crate) struct Lists<'a>(pub(crate) Vec<Box<dyn List + 'a>>);

impl Lists<'_> {
    /// Writes `unnest($1, $2)`.
    pub(crate) fn unnest<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("unnest(");
        for (index, list) in self.0.iter().enumerate() {
            if index > 0 {
                out.push_sql(", ");
            }
            list.bind(out)?;
        }
        out.push_sql(")");
        Ok(())
    }
}

/// The values of one column.
pub(crate) trait List {
    fn bind<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()>;
}

/// A list of the SQL type `ST`.
pub(crate) fn list<'a, ST, T>(values: impl Iterator<Item = &'a T>) -> Box<dyn List + 'a>
where
    ST: 'static,
    T: ToSql<ST, Pg> + Debug + 'a,
    Pg: HasSqlType<ST>,
{
    Box::new(TypedList::<ST, T> {
        values: values.collect(),
        sql_type: PhantomData,
    })
}

struct TypedList<'a, ST, T> {
    values: Vec<&'a T>,
    sql_type: PhantomData<ST>,
}

impl<ST, T> List for TypedList<'_, ST, T>
where
    ST: 'static,
    T: ToSql<ST, Pg> + Debug,
    Pg: HasSqlType<ST>,
{
    fn bind<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_bind_param::<Array<ST>, _>(&self.values)
    }
}

/// Implements [`Columns`]: for each column its name, its SQL type and the field it is in.
macro_rules! columns {
    ($row:ty {
        $first:ident: $first_type:ty = $($first_field:ident).+,
        $($column:ident: $type:ty = $($field:ident).+,)*
    }) => {
        impl $crate::columns::Columns for $row {
            const NAMES: &'static str =
                concat!(stringify!($first) $(, ", ", stringify!($column))*);

            fn lists(rows: &[Self]) -> $crate::columns::Lists<'_> {
                use $crate::columns::list;
                $crate::columns::Lists(vec![
                    list::<$first_type, _>(rows.iter().map(|row| &row.$($first_field).+)),
                    $(list::<$type, _>(rows.iter().map(|row| &row.$($field).+)),)*
                ])
            }

            fn select<'b>(
                &'b self,
                out: &mut diesel::query_builder::AstPass<'_, 'b, diesel::sqlite::Sqlite>,
            ) -> diesel::QueryResult<()> {
                out.push_bind_param::<$first_type, _>(&self.$($first_field).+)?;
                out.push_sql(concat!(" AS ", stringify!($first)));
                $(
                    out.push_sql(", ");
                    out.push_bind_param::<$type, _>(&self.$($field).+)?;
                    out.push_sql(concat!(" AS ", stringify!($column)));
                )*
                Ok(())
            }
        }
    };
}

pub(crate) use columns;
