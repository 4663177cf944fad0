//! SQLite files, and their state before the program uses them.

use std::path::Path;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use crate::error::{DatabaseError, DbResult};
use crate::rows::{NumberRow, TextRow};

/// The tables with sealed columns, and `users`, whose identities have some.
const TABLES: [&str; 5] = [
    "users",
    "identities",
    "signing_keys",
    "wechat_tokens",
    "stored_keys",
];

/// Opens a file. Its statements wait for writers for up to `patience`.
pub(crate) fn open(file: &Path, patience: Duration) -> DbResult<SqliteConnection> {
    let mut connection = SqliteConnection::establish(&file.to_string_lossy())
        .map_err(|error| DatabaseError::connecting(&error, None))?;
    // First of all, because the next statement already may find the file busy.
    let milliseconds = patience.as_millis();
    connection.batch_execute(&format!("PRAGMA busy_timeout = {milliseconds};"))?;
    Ok(connection)
}

/// Whether any of [`TABLES`] has a row. `false` if there is no such file or no such table.
pub(crate) fn holds_secrets(file: &Path) -> DbResult<bool> {
    if std::fs::metadata(file).map_or(0, |metadata| metadata.len()) == 0 {
        return Ok(false);
    }
    let mut connection = open(file, Duration::from_secs(2))?;
    let known = diesel::sql_query("SELECT name AS text FROM sqlite_master WHERE type = 'table'");
    let known = known.load::<TextRow>(&mut connection)?;
    for table in TABLES {
        if known.iter().all(|known| known.text != table) {
            continue;
        }
        let rows = diesel::sql_query(format!("SELECT EXISTS (SELECT 1 FROM {table}) AS number"));
        if rows.get_result::<NumberRow>(&mut connection)?.number > 0 {
            return Ok(true);
        }
    }
    Ok(false)
}
