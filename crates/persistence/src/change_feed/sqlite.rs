//! The feed on SQLite: by ids, which are in the order of commits, because there is one writer.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::{Position, Row};
use crate::error::DbResult;

/// `?1` is the last id that was told, `?2` the database it is of.
///
/// - The schema's version changes with `.restore` and `VACUUM`, and when the triggers are changed.
/// - Ids have no gaps, so if there are fewer rows than ids, some were removed before they were read.
const READ: &str = "
    SELECT CAST(schema_version AS TEXT) AS source, CAST(last.id AS TEXT) AS place,
           coalesce(CAST(schema_version AS TEXT) <> ?2 OR last.id - ?1 <>
               (SELECT count(*) FROM (SELECT 1 FROM changes WHERE id > ?1 LIMIT 10001)), true)
               AS is_lost,
           told.id IS NOT NULL AS is_change, told.user_id, told.session_id
    FROM pragma_schema_version
    JOIN (SELECT max(coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'changes'), 0),
                     coalesce((SELECT max(id) FROM changes), 0)) AS id) AS last
    LEFT JOIN (SELECT id, user_id, session_id FROM changes WHERE id > ?1 LIMIT 10001) AS told";

/// `?1` is an id that everybody has read beyond.
const CLEAN: &str = "DELETE FROM changes WHERE id <= ?1";

pub(super) fn read(
    connection: &mut SqliteConnection,
    known: Option<&Position>,
) -> DbResult<Vec<Row>> {
    let last = known.and_then(|known| known.place.parse::<i64>().ok());
    let rows = sql_query(READ)
        .bind::<Nullable<BigInt>, _>(last)
        .bind::<Nullable<Text>, _>(known.map(|known| &known.source));
    Ok(rows.load::<Row>(connection)?)
}

pub(super) fn clean(connection: &mut SqliteConnection, last: &str) -> DbResult<()> {
    let last = last.parse::<i64>().unwrap_or(0);
    let clean = sql_query(CLEAN).bind::<BigInt, _>(last);
    clean.execute(connection)?;
    Ok(())
}
