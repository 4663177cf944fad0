//! A fresh database for a test, and what the tests look up in it by hand.

use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel::{PgConnection, SqliteConnection};
use domain::ports::{
    AccountRepository, AuditLog, BanRepository, ChangeFeed, MergeRepository, PhoneLookups,
    RepositoryError, SessionLifecycle, SessionRepository, SignatoryRepository, UserRepository,
    WechatTokenRepository,
};
use domain::session::SessionAccount;
use domain::testing::repository_contract::StoreUnderTest;
use domain::visit::VisitOutcome;
use persistence::{Database, DatabaseOptions, MasterKeys};
use secrecy::SecretString;
use tempfile::TempDir;
use testpg::TestDatabase;
use zeroize::Zeroizing;

/// A database, migrated and opened, and gone with the test.
pub(crate) struct Store {
    pub(crate) database: Database,
    pub(crate) place: Place,
}

/// Where a test's database is.
pub(crate) enum Place {
    Sqlite(TempDir),
    Postgres(TestDatabase),
}

pub(crate) async fn sqlite() -> Store {
    Store::migrated(Place::Sqlite(tempfile::tempdir().unwrap())).await
}

pub(crate) async fn postgres() -> Store {
    Store::migrated(Place::Postgres(testpg::database().unwrap())).await
}

/// The account of a visit that must have been recorded.
pub(crate) fn account(outcome: Result<VisitOutcome, RepositoryError>) -> SessionAccount {
    match outcome.unwrap() {
        VisitOutcome::Recorded { account, .. } => SessionAccount::clone(&account),
        VisitOutcome::UserDisabled => panic!("the user is not disabled"),
    }
}

/// The options the tests use.
pub(crate) fn options(url: String) -> DatabaseOptions {
    let keys = MasterKeys::new(Zeroizing::new([7; 32]), Vec::new());
    DatabaseOptions::new(SecretString::from(url), keys)
}

impl Store {
    async fn migrated(place: Place) -> Self {
        let database = Database::open(options(place.url())).unwrap();
        database.migrate().await.unwrap();
        Self { database, place }
    }
}

impl Place {
    pub(crate) fn url(&self) -> String {
        match self {
            Self::Sqlite(folder) => format!("sqlite://{}/test.db", folder.path().display()),
            Self::Postgres(database) => database.url(),
        }
    }

    /// Runs a statement by hand.
    pub(crate) fn execute(&self, sql: &str) {
        let query = diesel::sql_query(sql);
        match self {
            Self::Sqlite(_) => query.execute(&mut self.sqlite()).unwrap(),
            Self::Postgres(database) => query
                .execute(&mut PgConnection::establish(&database.url()).unwrap())
                .unwrap(),
        };
    }

    /// Runs a script of statements by hand.
    pub(crate) fn run(&self, script: &str) {
        match self {
            Self::Sqlite(_) => self.sqlite().batch_execute(script).unwrap(),
            Self::Postgres(database) => database.run(script).unwrap(),
        }
    }

    /// The texts of a query's one column `t`.
    pub(crate) fn texts(&self, sql: &str) -> Vec<String> {
        let query = diesel::sql_query(sql);
        let rows: Vec<TextRow> = match self {
            Self::Sqlite(_) => query.load(&mut self.sqlite()).unwrap(),
            Self::Postgres(database) => query
                .load(&mut PgConnection::establish(&database.url()).unwrap())
                .unwrap(),
        };
        rows.into_iter().map(|row| row.t).collect()
    }

    /// Holds SQLite's only write until the value is dropped.
    pub(crate) fn lock(&self) -> SqliteConnection {
        let mut connection = self.sqlite();
        diesel::connection::SimpleConnection::batch_execute(&mut connection, "BEGIN IMMEDIATE")
            .unwrap();
        connection
    }

    /// Begins a transaction on PostgreSQL with a statement, which ends when the value is dropped.
    pub(crate) fn hold(&self, sql: &str) -> Held {
        let Self::Postgres(database) = self else {
            panic!("not on PostgreSQL");
        };
        let mut held = Held(PgConnection::establish(&database.url()).unwrap());
        held.execute("BEGIN");
        held.execute(sql);
        held
    }

    /// SQLite's files as a kill would leave them now.
    pub(crate) fn as_killed(&self) -> Self {
        let Self::Sqlite(folder) = self else {
            panic!("not on SQLite");
        };
        let killed = tempfile::tempdir().unwrap();
        for file in fs::read_dir(folder.path()).unwrap() {
            let file = file.unwrap();
            if !file.file_name().to_string_lossy().ends_with("-shm") {
                fs::copy(file.path(), killed.path().join(file.file_name())).unwrap();
            }
        }
        Self::Sqlite(killed)
    }

    fn sqlite(&self) -> SqliteConnection {
        let url = self.url();
        let mut connection =
            SqliteConnection::establish(url.strip_prefix("sqlite://").unwrap()).unwrap();
        diesel::sql_query("PRAGMA busy_timeout = 5000")
            .execute(&mut connection)
            .unwrap();
        connection
    }
}

/// A transaction that is open.
pub(crate) struct Held(PgConnection);

impl Held {
    pub(crate) fn execute(&mut self, sql: &str) {
        diesel::connection::SimpleConnection::batch_execute(&mut self.0, sql).unwrap();
    }

    /// Waits until another session of the database waits for a lock.
    pub(crate) fn until_somebody_waits(&mut self) {
        let deadline = Instant::now() + Duration::from_secs(10);
        let waiting = "SELECT count(*)::text AS t FROM pg_locks WHERE NOT granted";
        loop {
            let rows: Vec<TextRow> = diesel::sql_query(waiting).load(&mut self.0).unwrap();
            if rows[0].t != "0" {
                return;
            }
            assert!(Instant::now() < deadline, "nobody waits");
        }
    }
}

#[derive(QueryableByName)]
struct TextRow {
    #[diesel(sql_type = Text)]
    t: String,
}

/// The same database, opened once more.
struct Replica {
    database: Database,
    url: String,
}

impl Replica {
    fn open(url: String) -> Self {
        let database = Database::open(options(url.clone())).unwrap();
        Self { database, url }
    }
}

/// The database's adapter of each port.
macro_rules! ports {
    ($store:ident, $url:expr, $($name:ident: $port:ident,)*) => {
        impl StoreUnderTest for $store {
            $(fn $name(&self) -> Arc<dyn $port> {
                Arc::new(self.database.$name())
            })*

            fn replica(&self) -> Box<dyn StoreUnderTest> {
                Box::new(Replica::open($url(self)))
            }
        }
    };
    ($store:ident, $url:expr) => {
        ports! {
            $store, $url,
            users: UserRepository,
            sessions: SessionRepository,
            lifecycle: SessionLifecycle,
            accounts: AccountRepository,
            merges: MergeRepository,
            bans: BanRepository,
            audit: AuditLog,
            signatories: SignatoryRepository,
            changes: ChangeFeed,
            wechat_tokens: WechatTokenRepository,
            phone_lookups: PhoneLookups,
        }
    };
}

ports!(Store, |store: &Store| store.place.url());
ports!(Replica, |replica: &Replica| replica.url.clone());
