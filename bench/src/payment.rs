//! What a payment costs: signatures with the session_key, and the push relay.

mod relay;
mod scripts;
mod signatures;

use tempfile::TempDir;

use crate::compare::Effort;
use crate::postgres::Postgres;
use crate::programs::Binaries;
use crate::responder;
use crate::scenario::Database;

/// What the target of relayed messages answers. WeChat must get it.
const TAKEN: &str = r#"{"ErrCode":0,"ErrMsg":"taken"}"#;

/// What a measurement runs with.
struct Site<'a> {
    binaries: &'a Binaries,
    postgres: &'a Postgres,
    home: &'a TempDir,
    database: Database,
    effort: Effort,
}

/// Measures both on both databases and prints tables.
///
/// # Errors
/// If something does not start, an answer is not 200, or a message is not relayed at once.
pub(crate) async fn print(
    binaries: &Binaries,
    postgres: &Postgres,
    home: &TempDir,
    effort: Effort,
) -> anyhow::Result<()> {
    for database in [Database::Postgres, Database::Sqlite] {
        let site = Site {
            binaries,
            postgres,
            home,
            database,
            effort,
        };
        signatures::compare(&site).await?;
        relay::compare(&site).await?;
    }
    Ok(())
}

/// The answer of the target to a relayed message.
pub(crate) fn take(_path: &str, out: &mut Vec<u8>) {
    responder::write(out, "application/json", TAKEN);
}
