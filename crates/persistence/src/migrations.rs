//! The schema, embedded in the program.

use diesel::connection::SimpleConnection;
use diesel::migration::{MigrationSource, MigrationVersion};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sqlite::Sqlite;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::connection::AnyConnection;
use crate::error::{DatabaseError, FailureKind};

const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");
const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");

/// The advisory lock under which a PostgreSQL database is migrated: the letters `wxlogin` as a
/// number.
const POSTGRES_LOCK: i64 = 0x77_786c_6f67_696e;

/// Why the schema could not be brought up to date.
#[derive(Debug, thiserror::Error)]
#[error("the database could not be migrated")]
pub struct MigrateError(#[from] DatabaseError);

type MigrationError = Box<dyn std::error::Error + Send + Sync>;

/// Runs the migrations that have not been run, and gives their versions. Whoever comes second
/// waits and finds nothing to do.
pub(crate) fn run(connection: &mut AnyConnection) -> Result<Vec<String>, DatabaseError> {
    let versions = match connection {
        AnyConnection::Postgres(connection) => {
            // A migration of a big table takes its time; whoever waits for the lock, too. The
            // lock ends with the connection, which is used for nothing else.
            connection.batch_execute(&format!(
                "SET statement_timeout = 0; SET lock_timeout = 0; \
                 SELECT pg_advisory_lock({POSTGRES_LOCK})"
            ))?;
            connection
                .run_pending_migrations(POSTGRES)
                .map(|versions| names(&versions))
        }
        AnyConnection::Sqlite(connection) => connection
            .immediate_transaction(|connection| {
                connection
                    .run_pending_migrations(SQLITE)
                    .map(|versions| names(&versions))
                    .map_err(Failed)
            })
            .map_err(|Failed(error)| error),
    };
    versions.map_err(|error| match error.downcast::<diesel::result::Error>() {
        Ok(error) => DatabaseError::from(*error),
        Err(error) => DatabaseError::new(FailureKind::Refused, error.to_string()),
    })
}

/// Whether the newest migration has been run.
pub(crate) fn is_newest(connection: &mut AnyConnection) -> Result<bool, DatabaseError> {
    let newest = match connection {
        AnyConnection::Postgres(_) => newest(MigrationSource::<Pg>::migrations(&POSTGRES)),
        AnyConnection::Sqlite(_) => newest(MigrationSource::<Sqlite>::migrations(&SQLITE)),
    };
    let found = run_migrations::table
        .filter(run_migrations::version.eq(newest.unwrap_or_default()))
        .count()
        .get_result::<i64>(connection);
    match found.map_err(DatabaseError::from) {
        Ok(count) => Ok(count > 0),
        // There is no such table: nothing has been run.
        Err(error) if error.kind == FailureKind::Refused => Ok(false),
        Err(error) => Err(error),
    }
}

diesel::table! {
    /// Diesel's book of migrations.
    #[sql_name = "__diesel_schema_migrations"]
    run_migrations (version) {
        version -> Text,
    }
}

fn newest<DB: diesel::backend::Backend>(
    migrations: Result<Vec<Box<dyn diesel::migration::Migration<DB>>>, MigrationError>,
) -> Option<String> {
    let versions = migrations.into_iter().flatten();
    versions
        .map(|migration| migration.name().version().to_string())
        .max()
}

fn names(versions: &[MigrationVersion<'_>]) -> Vec<String> {
    versions.iter().map(ToString::to_string).collect()
}

/// What a transaction may fail with here.
struct Failed(MigrationError);

impl From<diesel::result::Error> for Failed {
    fn from(error: diesel::result::Error) -> Self {
        Self(Box::new(error))
    }
}
