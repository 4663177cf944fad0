//! The schema, embedded in the program.

use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::migration::{MigrationSource, MigrationVersion};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use diesel::sqlite::Sqlite;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::connection::AnyConnection;
use crate::error::{DatabaseError, DbResult, FailureKind};
use crate::privileges;

const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");
const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");

/// The advisory lock under which a PostgreSQL database is migrated: the letters `wxlogin` as a
/// number.
const POSTGRES_LOCK: i64 = 0x77_786c_6f67_696e;

/// How long to wait before the lock is tried for again, and how often it is said who holds it.
const LOCK_PAUSE: Duration = Duration::from_millis(500);
const TOLD_EVERY: Duration = Duration::from_secs(10);

/// Why the schema could not be brought up to date. The reason is the error's source.
#[derive(Debug, thiserror::Error)]
#[error("the database could not be migrated")]
pub struct MigrateError(#[from] DatabaseError);

impl MigrateError {
    /// Whether the database is of a kind that the service does not work with, so that another
    /// attempt is of no use.
    pub fn is_final(&self) -> bool {
        self.0.kind == FailureKind::Unfit
    }
}

type MigrationError = Box<dyn std::error::Error + Send + Sync>;

/// Runs the migrations that have not been run, and gives their versions. Whoever comes second
/// waits and finds nothing to do. All of them are one transaction.
pub(crate) fn run(connection: &mut AnyConnection) -> DbResult<Vec<String>> {
    if is_newest(connection)? {
        // Needs only the right to read, and waits for no lock.
        return Ok(Vec::new());
    }
    match connection {
        AnyConnection::Postgres(connection) => run_postgres(connection),
        AnyConnection::Sqlite(connection) => connection.immediate_transaction(|connection| {
            let versions = connection.run_pending_migrations(SQLITE);
            Ok(names(&versions.map_err(failed)?))
        }),
    }
}

fn run_postgres(connection: &mut PgConnection) -> DbResult<Vec<String>> {
    // A migration of a big table takes its time.
    connection.batch_execute("SET statement_timeout = 0; SET lock_timeout = 0")?;
    let mut told_at = None::<Instant>;
    loop {
        let run: DbResult<_> = connection.transaction(|connection| {
            if !lock(connection)? {
                return Ok(None);
            }
            privileges::check_create(connection)?;
            let versions = connection.run_pending_migrations(POSTGRES);
            Ok(Some(names(&versions.map_err(failed)?)))
        });
        if let Some(versions) = run? {
            return Ok(versions);
        }
        if told_at.is_none_or(|at| at.elapsed() >= TOLD_EVERY) {
            told_at = Some(Instant::now());
            let holder = lock_holder(connection)?;
            tracing::warn!(
                holder,
                "waiting for the lock of the migration, which another holds"
            );
        }
        std::thread::park_timeout(LOCK_PAUSE);
    }
}

/// Takes the lock, which lasts until the end of the transaction. Not one of the session: a pooler
/// would keep it for whoever gets the session next. It is tried for again and again, so that
/// whoever waits can say so, and keeps no snapshot meanwhile.
fn lock(connection: &mut PgConnection) -> DbResult<bool> {
    let lock = format!("SELECT pg_try_advisory_xact_lock({POSTGRES_LOCK})");
    Ok(sql::<Bool>(&lock).get_result(connection)?)
}

/// Who holds the lock, for people.
fn lock_holder(connection: &mut PgConnection) -> DbResult<String> {
    let holder = sql::<Text>(&format!(
        "SELECT concat_ws(', ', 'pid ' || l.pid, a.usename, a.application_name, a.client_addr::text, \
         a.state, 'since ' || coalesce(a.xact_start, a.backend_start)::text) \
         FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid \
         WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 \
         AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
         AND l.classid::bigint = {POSTGRES_LOCK} >> 32 \
         AND l.objid::bigint = {POSTGRES_LOCK} & 4294967295"
    ));
    let holder = holder.get_result::<String>(connection).optional()?;
    Ok(holder.unwrap_or_else(|| String::from("somebody who has just let go")))
}

pub(crate) fn is_newest(connection: &mut AnyConnection) -> DbResult<bool> {
    let known = match connection {
        AnyConnection::Postgres(_) => versions(MigrationSource::<Pg>::migrations(&POSTGRES)),
        AnyConnection::Sqlite(_) => versions(MigrationSource::<Sqlite>::migrations(&SQLITE)),
    };
    if !has_book(connection)? {
        return Ok(false);
    }
    let run: Vec<String> = run_migrations::table
        .select(run_migrations::version)
        .load(connection)?;
    Ok(known.iter().all(|version| run.contains(version)))
}

/// Whether there is a book of migrations. Asked for by name, because a statement that fails is an
/// error in the server's log.
fn has_book(connection: &mut AnyConnection) -> DbResult<bool> {
    let has_book = match connection {
        AnyConnection::Postgres(_) => {
            "SELECT to_regclass('__diesel_schema_migrations') IS NOT NULL"
        }
        AnyConnection::Sqlite(_) => {
            "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = '__diesel_schema_migrations')"
        }
    };
    Ok(sql::<Bool>(has_book).get_result(connection)?)
}

diesel::table! {
    /// Diesel's book of migrations.
    #[sql_name = "__diesel_schema_migrations"]
    run_migrations (version) {
        version -> Text,
    }
}

fn versions<DB: diesel::backend::Backend>(
    migrations: Result<Vec<Box<dyn diesel::migration::Migration<DB>>>, MigrationError>,
) -> Vec<String> {
    let migrations = migrations.into_iter().flatten();
    migrations
        .map(|migration| migration.name().version().to_string())
        .collect()
}

fn names(versions: &[MigrationVersion<'_>]) -> Vec<String> {
    versions.iter().map(ToString::to_string).collect()
}

fn failed(error: MigrationError) -> DatabaseError {
    match error.downcast::<diesel::result::Error>() {
        Ok(error) => DatabaseError::from(*error),
        Err(error) => DatabaseError::nonsense(error.to_string()),
    }
}
