//! SQLite files, and their state before the program uses them.

use std::path::Path;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};

use crate::error::{DatabaseError, DbResult};

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
    let known = sql::<Text>("SELECT name FROM sqlite_master WHERE type = 'table'");
    let known: Vec<String> = known.load(&mut connection)?;
    let is_known = |table: &&str| known.iter().any(|known| known == table);
    for table in TABLES.iter().filter(|table| is_known(table)) {
        let has_rows = sql::<Bool>(&format!("SELECT EXISTS (SELECT 1 FROM {table})"));
        if has_rows.get_result(&mut connection)? {
            return Ok(true);
        }
    }
    Ok(false)
}
