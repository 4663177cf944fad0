//! A connection to either database, ready to be used.

use std::path::Path;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::r2d2::R2D2Connection;
use diesel::{Connection, PgConnection};

use crate::error::{DatabaseError, DbResult};
use crate::url::DatabaseUrl;
use crate::{server, sqlite_file};

pub(crate) use multi::{AnyBackend, AnyConnection, AnyRawValue};

#[expect(unreachable_pub, reason = "Diesel's derive writes this module")]
mod multi {
    use diesel::{PgConnection, SqliteConnection};

    /// One of the two connections. Statements that are written for it run on both.
    #[derive(diesel::MultiConnection)]
    pub enum AnyConnection {
        Postgres(PgConnection),
        Sqlite(SqliteConnection),
    }

    pub use {MultiBackend as AnyBackend, MultiRawValue as AnyRawValue};
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Reading, and single writes.
    Any,
    /// Writing many things with one commit.
    Batches,
}

/// What our connections need, whatever the defaults of the server, the database or the role.
const POSTGRES_SETTINGS: &str = "
    SET idle_in_transaction_session_timeout = '30s';
    -- The rules of concurrency are made for it.
    SET default_transaction_isolation = 'read committed';
    -- A commit that is answered has been flushed.
    SELECT set_config('synchronous_commit', 'on', false)
        WHERE current_setting('synchronous_commit') = 'off';";

/// All settings of a connection, which are sent at once.
///
/// A statement is cancelled by the server before the call is given up, so that the connection can
/// be used again: after four fifths of the time; and a wait for a lock after half of it.
fn postgres_settings(timeout: Duration, purpose: Purpose) -> String {
    let times = [timeout * 4 / 5, timeout / 2];
    let [statement, lock] = times.map(|time| time.as_millis().max(1));
    let for_purpose = match purpose {
        Purpose::Any => "",
        Purpose::Batches => POSTGRES_SETTINGS_FOR_BATCHES,
    };
    format!(
        "{POSTGRES_SETTINGS} SET statement_timeout = {statement}; SET lock_timeout = {lock}; {for_purpose}"
    )
}

/// The statements of a batch join a list of keys with big tables, by their primary keys. The
/// planner does not know the list's length, and in a young database not the tables' size.
const POSTGRES_SETTINGS_FOR_BATCHES: &str = "
    SET plan_cache_mode = force_generic_plan;
    SET enable_seqscan = off;
    SET enable_hashjoin = off;
    SET enable_mergejoin = off;
    SET jit = off;";

/// How long PostgreSQL may go by the same plans. It makes the plan of a prepared statement once,
/// for the tables as they are then: for one of five rows that reads all of it. It notices that the
/// table has grown when autovacuum has looked at it, which may be a minute later.
const PLANS_LIVE: Duration = Duration::from_secs(5);

/// How long to wait before the next attempt to connect.
const RECONNECT_PAUSE: Duration = Duration::from_millis(50);

/// `synchronous = FULL` flushes the write-ahead log at every commit.
const SQLITE_SETTINGS: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;";

/// A batch touches some hundred pages here and there: the longer the log, the more changes of one
/// page are carried into the database together. (The pages fit into the cache of 2 MB that SQLite
/// has by default.)
const SQLITE_SETTINGS_FOR_BATCHES: &str = "PRAGMA wal_autocheckpoint = 4000;";

#[derive(Clone, Debug)]
pub(crate) struct Connector {
    pub(crate) url: DatabaseUrl,
    /// How long to try for a connection, and on SQLite how long to wait for another process's
    /// write.
    pub(crate) acquire_timeout: Duration,
    /// How long a call may take.
    pub(crate) timeout: Duration,
}

impl Connector {
    /// Makes a connection, if need be by several attempts until the time is over.
    pub(crate) fn connect_patiently(&self, purpose: Purpose) -> DbResult<AnyConnection> {
        let deadline = Instant::now() + self.acquire_timeout;
        loop {
            match self.connect_for(purpose) {
                Ok(connection) => return Ok(connection),
                Err(error) if Instant::now() + RECONNECT_PAUSE > deadline => return Err(error),
                Err(_) => std::thread::park_timeout(RECONNECT_PAUSE),
            }
        }
    }

    pub(crate) fn connect_for(&self, purpose: Purpose) -> DbResult<AnyConnection> {
        match &self.url {
            DatabaseUrl::Postgres(url) => {
                let mut connection = PgConnection::establish(url.expose())
                    .map_err(|error| DatabaseError::connecting(&error, url.password()))?;
                server::settle(&mut connection)?;
                connection.batch_execute(&postgres_settings(self.timeout, purpose))?;
                Ok(AnyConnection::Postgres(connection))
            }
            DatabaseUrl::Sqlite(path) => {
                create_privately(path).map_err(|error| DatabaseError::file(path, &error))?;
                let mut connection = sqlite_file::open(path, self.acquire_timeout)?;
                connection.batch_execute(SQLITE_SETTINGS)?;
                if purpose == Purpose::Batches {
                    connection.batch_execute(SQLITE_SETTINGS_FOR_BATCHES)?;
                }
                Ok(AnyConnection::Sqlite(connection))
            }
        }
    }
}

pub(crate) struct KeptConnection {
    connection: AnyConnection,
    planned_at: Instant,
    /// Whether it was found to be of no use. Diesel does not notice in every case.
    is_useless: bool,
}

impl KeptConnection {
    pub(crate) fn new(connection: AnyConnection) -> Self {
        Self {
            connection,
            planned_at: Instant::now(),
            is_useless: false,
        }
    }

    pub(crate) fn run<T>(
        &mut self,
        work: impl FnOnce(&mut AnyConnection) -> DbResult<T>,
    ) -> DbResult<T> {
        let began = Instant::now();
        let result = match self.forget_old_plans() {
            Ok(()) => work(&mut self.connection),
            Err(error) => Err(error),
        };
        let result = result.map_err(|error| error.after(began.elapsed()));
        // Also one that works: after a failover it may lead to the standby.
        self.is_useless |= result
            .as_ref()
            .is_err_and(DatabaseError::is_of_the_connection);
        result
    }

    /// Whether it is to be replaced.
    pub(crate) fn is_useless(&mut self) -> bool {
        self.is_useless || self.connection.is_broken()
    }

    fn forget_old_plans(&mut self) -> DbResult<()> {
        if let AnyConnection::Postgres(connection) = &mut self.connection
            && self.planned_at.elapsed() > PLANS_LIVE
        {
            connection.batch_execute("DISCARD PLANS")?;
            self.planned_at = Instant::now();
        }
        Ok(())
    }
}

/// Creates the file, and the folder it is in, for this user alone. SQLite gives the files it
/// puts beside it the same mode.
fn create_privately(path: &Path) -> std::io::Result<()> {
    if path.exists() {
        return Ok(());
    }
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        std::fs::create_dir_all(folder)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}
