//! A fresh database for a test, and what the tests look up in it by hand.

use std::sync::Arc;

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel::{PgConnection, SqliteConnection};
use domain::id::{AppId, OpenId, UserId};
use domain::ports::{RepositoryError, SessionRepository, UserRepository};
use domain::secret::SessionKey;
use domain::session::SessionAccount;
use domain::testing::repository_contract::StoreUnderTest;
use domain::time::Timestamp;
use domain::visit::VisitOutcome;
use persistence::{Database, DatabaseOptions, MasterKeys};
use secrecy::SecretString;
use tempfile::TempDir;
use testpg::TestDatabase;
use uuid::Uuid;
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
        VisitOutcome::Recorded(account) => *account,
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

    /// An id as this database's SQL writes it.
    pub(crate) fn literal(&self, id: Uuid) -> String {
        match self {
            Self::Sqlite(_) => format!("X'{}'", id.simple()),
            Self::Postgres(_) => format!("'{id}'"),
        }
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

#[derive(QueryableByName)]
struct TextRow {
    #[diesel(sql_type = Text)]
    t: String,
}

#[async_trait]
impl StoreUnderTest for Store {
    fn users(&self) -> Arc<dyn UserRepository> {
        Arc::new(self.database.users())
    }

    fn sessions(&self) -> Arc<dyn SessionRepository> {
        Arc::new(self.database.sessions())
    }

    async fn disable(&self, user: UserId, at: Timestamp) {
        let user = self.place.literal(user.as_uuid());
        let at = match self.place {
            Place::Sqlite(_) => at.as_microsecond().to_string(),
            Place::Postgres(_) => format!("'{at}'"),
        };
        self.place.execute(&format!(
            "UPDATE users SET disabled_at = {at} WHERE id = {user}"
        ));
    }

    async fn session_keys(&self, app: &AppId, user: &OpenId) -> Vec<SessionKey> {
        self.database.users().session_keys(app, user).await.unwrap()
    }

    async fn merge_candidates(&self) -> Vec<(UserId, UserId)> {
        let pair = match self.place {
            Place::Sqlite(_) => "lower(hex(user_id)) || ' ' || lower(hex(union_user_id))",
            Place::Postgres(_) => "user_id || ' ' || union_user_id",
        };
        let user = |text: &str| UserId::new(Uuid::parse_str(text).unwrap());
        self.place
            .texts(&format!(
                "SELECT {pair} AS t FROM merge_candidates ORDER BY id"
            ))
            .iter()
            .map(|pair| pair.split_once(' ').unwrap())
            .map(|(one, other)| (user(one), user(other)))
            .collect()
    }
}
