//! The feed on PostgreSQL: by snapshots of transactions.
//!
//! A row holds the id of the transaction that wrote it. The reader keeps the snapshot of its last
//! query and asks for all rows that this snapshot did not see. Each committed change is so told
//! exactly once: a transaction that was open at one query is told at the first after its commit,
//! however long that takes. A transaction that stays open, here or in another database of the
//! server, does not delay other changes.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Nullable, Text};

use super::{Position, Row};
use crate::error::{DatabaseError, DbResult};

/// `$1` is the last snapshot, `$2` the database that it is of.
///
/// - All of it is one statement, so the snapshot that is given back is the one the rows are read
///   with (read committed).
/// - `xid >= pg_snapshot_xmin` is for the index: below it the snapshot saw everything.
/// - `source` changes with a restart, a failover to another server, and when the table is made anew
///   by a restore. If transactions are counted from less than before, the server was put back.
/// - On a standby, changes come late, or not at all: there is no feed.
const READ: &str = "
    WITH here AS (
        SELECT concat_ws('/', extract(epoch FROM pg_postmaster_start_time()),
                   (SELECT oid FROM pg_database WHERE datname = current_database()),
                   'changes'::regclass::oid) AS source,
               pg_current_snapshot() AS snapshot),
    told AS (
        SELECT id, user_id, session_id FROM changes
        WHERE xid >= pg_snapshot_xmin($1::pg_snapshot)
          AND NOT pg_visible_in_snapshot(xid, $1::pg_snapshot)
        LIMIT 10001)
    SELECT here.source, here.snapshot::text AS place,
           coalesce(here.source <> $2
               OR pg_snapshot_xmax(here.snapshot) < pg_snapshot_xmax($1::pg_snapshot), true)
               AS is_lost,
           told.id IS NOT NULL AS is_change, told.user_id, told.session_id
    FROM here LEFT JOIN told ON true
    WHERE NOT pg_is_in_recovery()";

/// `$1` is a snapshot that everybody has seen beyond. Rows of transactions that this server has yet
/// to count to came with a dump of another one.
const CLEAN: &str = "
    DELETE FROM changes
    WHERE xid < pg_snapshot_xmin($1::pg_snapshot)
       OR xid >= pg_snapshot_xmax(pg_current_snapshot())";

pub(super) fn read(connection: &mut PgConnection, known: Option<&Position>) -> DbResult<Vec<Row>> {
    let rows = sql_query(READ)
        .bind::<Nullable<Text>, _>(known.map(|known| &known.place))
        .bind::<Nullable<Text>, _>(known.map(|known| &known.source))
        .load::<Row>(connection)?;
    if rows.is_empty() {
        let text = "the database is a standby: what changes elsewhere is not known here in time";
        return Err(DatabaseError::unavailable(text));
    }
    Ok(rows)
}

pub(super) fn clean(connection: &mut PgConnection, snapshot: &str) -> DbResult<()> {
    let clean = sql_query(CLEAN).bind::<Text, _>(snapshot);
    clean.execute(connection)?;
    Ok(())
}
