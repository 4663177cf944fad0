//! What replicas are told of changes, whoever makes them and however.

use std::process::Command;

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use domain::id::{SessionId, UserId};
use domain::ports::{Change, ChangeFeed, FeedPosition, SessionLifecycle, TokenUse, UserRepository};
use domain::session::SessionAccount;
use domain::testing::repository_contract::Guest;
use domain::time::{Duration, after};
use persistence::Database;
use uuid::Uuid;

use crate::store::{Place, Store, account, options};

async fn stores() -> [Store; 2] {
    [crate::store::sqlite().await, crate::store::postgres().await]
}

/// A replica that listens.
struct Listener {
    feed: Box<dyn ChangeFeed>,
    position: Option<FeedPosition>,
}

impl Listener {
    async fn of(store: &Store) -> Self {
        let mut listener = Self {
            feed: Box::new(store.database.changes()),
            position: None,
        };
        assert_eq!(listener.news().await, [Change::Everything]);
        listener
    }

    async fn news(&mut self) -> Vec<Change> {
        let news = self.feed.since(self.position.as_ref()).await.unwrap();
        self.position = Some(news.position);
        news.changes
    }
}

async fn logged_in(store: &Store, open_id: &str) -> SessionAccount {
    let mut visit = Guest::new("wx01", open_id).visit(0);
    // Live by the clock of the database.
    visit.session.expires_at = "2100-01-01T00:00:00Z".parse().unwrap();
    account(store.database.users().record_visit(visit).await)
}

fn connect(place: &Place) -> PgConnection {
    PgConnection::establish(&place.url()).unwrap()
}

/// What a statement of an operator's must announce.
#[derive(Clone, Copy, Debug)]
enum Told {
    Session,
    User,
    Everything,
}

impl Told {
    fn change(self, session: SessionId, user: UserId) -> Change {
        match self {
            Self::Session => Change::Session(session),
            Self::User => Change::User(user),
            Self::Everything => Change::Everything,
        }
    }
}

const ON_BOTH: [(&str, Told); 12] = [
    ("UPDATE sessions SET ended_at = created_at", Told::Session),
    ("UPDATE sessions SET expires_at = created_at", Told::Session),
    ("UPDATE sessions SET generation = 0", Told::Session),
    ("UPDATE sessions SET open_id = 'o-else'", Told::Session),
    ("UPDATE sessions SET app_id = 'wx-else'", Told::Session),
    ("DELETE FROM sessions", Told::Session),
    ("UPDATE users SET disabled_at = created_at", Told::User),
    ("UPDATE users SET nick_name = 'Else'", Told::User),
    ("UPDATE identities SET union_id = 'u-else'", Told::User),
    ("UPDATE identities SET open_id = 'o-else'", Told::User),
    ("DELETE FROM identities", Told::User),
    ("DELETE FROM users", Told::User),
];

const ON_POSTGRES: [(&str, Told); 5] = [
    ("UPDATE sessions SET expires_at = now()", Told::Session),
    ("TRUNCATE sessions", Told::Everything),
    ("TRUNCATE users CASCADE", Told::Everything),
    ("TRUNCATE changes", Told::Everything),
    (
        "SET session_replication_role = replica; DELETE FROM sessions",
        Told::Session,
    ),
];

#[tokio::test]
async fn every_statement_that_makes_a_session_less_is_told_once() {
    for store in stores().await {
        let more = match store.place {
            Place::Sqlite(_) => [].as_slice(),
            Place::Postgres(_) => ON_POSTGRES.as_slice(),
        };
        for (statement, told) in ON_BOTH.iter().chain(more) {
            let login = logged_in(&store, "o1").await;
            let mut listener = Listener::of(&store).await;
            store.place.run(statement);
            let news = listener.news().await;
            let expected = told.change(login.session.id, login.user.id);
            assert!(news.contains(&expected), "{statement}: {news:?}");
            assert_eq!(listener.news().await, [], "{statement}");
            store.place.run("DELETE FROM sessions; DELETE FROM users");
        }
    }
}

#[tokio::test]
async fn neither_a_refresh_nor_the_removal_of_dead_sessions_is_told() {
    for store in stores().await {
        let live = logged_in(&store, "o1").await;
        let mut visit = Guest::new("wx01", "o2").visit(0);
        // An id of 1970, because ids tell when a session was opened.
        visit.session.id = SessionId::new(Uuid::from_u128(1));
        visit.session.expires_at = "2020-01-01T00:00:00Z".parse().unwrap();
        account(store.database.users().record_visit(visit).await);
        let mut listener = Listener::of(&store).await;
        let second = live.session.generation.next();
        let later = TokenUse::Refresh {
            expires_at: after(live.session.expires_at, Duration::from_secs(1)),
            grace: Duration::ZERO,
        };
        let lifecycle = store.database.lifecycle();
        let used =
            lifecycle.use_generation(live.session.id, second, live.session.created_at, later);
        used.await.unwrap();
        let removed = store
            .database
            .forget_dead_sessions(Duration::from_hours(1))
            .await;
        assert_eq!(removed.unwrap(), 1);
        assert_eq!(listener.news().await, []);
    }
}

#[tokio::test]
async fn a_bulk_change_is_told_as_everything_and_in_few_rows() {
    for store in stores().await {
        let (insert, bound) = match store.place {
            Place::Sqlite(_) => (
                "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000) \
                 INSERT INTO users (id, created_at) SELECT randomblob(16), 0 FROM n",
                12_000,
            ),
            Place::Postgres(_) => (
                "INSERT INTO users (id, created_at) \
                 SELECT gen_random_uuid(), now() FROM generate_series(1, 12000)",
                1_001,
            ),
        };
        store.place.run(insert);
        let mut listener = Listener::of(&store).await;
        store.place.run("UPDATE users SET nick_name = 'Else'");
        assert!(listener.news().await.contains(&Change::Everything));
        assert_eq!(listener.news().await, []);
        let rows = store
            .place
            .texts("SELECT CAST(count(*) AS text) AS t FROM changes");
        assert_eq!(rows, [bound.to_string()]);
    }
}

#[tokio::test]
async fn a_transaction_that_stays_open_is_told_when_it_commits_and_delays_nobody() {
    let store = crate::store::postgres().await;
    let (late, soon) = (logged_in(&store, "o1").await, logged_in(&store, "o2").await);
    let end = |login: &SessionAccount| {
        format!(
            "UPDATE sessions SET ended_at = now() WHERE id = '{}'",
            login.session.id
        )
    };
    let mut listener = Listener::of(&store).await;
    // Another application of the same server writes, too, and does not come to an end.
    let elsewhere = crate::store::postgres().await;
    let mut stranger = connect(&elsewhere.place);
    let begin = "BEGIN; CREATE TABLE a (); SELECT pg_current_xact_id()";
    stranger.batch_execute(begin).unwrap();
    let mut slow = connect(&store.place);
    slow.batch_execute("BEGIN").unwrap();
    slow.batch_execute(&end(&late)).unwrap();
    for _ in 0..3 {
        assert_eq!(listener.news().await, []);
    }
    store.place.run(&end(&soon));
    assert_eq!(listener.news().await, [Change::Session(soon.session.id)]);
    for _ in 0..3 {
        assert_eq!(listener.news().await, []);
    }
    slow.batch_execute("COMMIT").unwrap();
    assert_eq!(listener.news().await, [Change::Session(late.session.id)]);
    assert_eq!(listener.news().await, []);
    stranger.batch_execute("ROLLBACK").unwrap();
    assert_eq!(listener.news().await, []);
}

#[tokio::test]
async fn a_change_is_told_whatever_tables_the_session_of_the_operator_sees_first() {
    let store = crate::store::postgres().await;
    for (index, prepare) in [
        "CREATE SCHEMA ops; CREATE TABLE ops.changes (user_id uuid, session_id uuid); \
         SET search_path = ops, public",
        "CREATE TEMP TABLE changes (user_id uuid, session_id uuid)",
        "SET search_path = ''",
    ]
    .into_iter()
    .enumerate()
    {
        let login = logged_in(&store, &format!("o{index}")).await;
        let mut listener = Listener::of(&store).await;
        let mut operator = connect(&store.place);
        operator.batch_execute(prepare).unwrap();
        let id = login.session.id;
        let end = format!("DELETE FROM public.sessions WHERE id = '{id}'");
        operator.batch_execute(&end).unwrap();
        assert_eq!(listener.news().await, [Change::Session(id)], "{prepare}");
    }
}

#[tokio::test]
async fn what_was_rolled_back_is_not_told_and_what_follows_is() {
    let store = crate::store::postgres().await;
    let (one, other) = (logged_in(&store, "o1").await, logged_in(&store, "o2").await);
    let mut listener = Listener::of(&store).await;
    store.place.run(&format!(
        "BEGIN; SAVEPOINT s; DELETE FROM sessions WHERE id = '{}'; ROLLBACK TO s; \
         SAVEPOINT t; DELETE FROM sessions WHERE id = '{}'; COMMIT",
        one.session.id, other.session.id
    ));
    assert_eq!(listener.news().await, [Change::Session(other.session.id)]);
}

#[tokio::test]
async fn a_database_that_was_put_back_is_told_as_everything() {
    let store = crate::store::postgres().await;
    let mut listener = Listener::of(&store).await;
    store.place.run(
        "CREATE TABLE restored (LIKE changes INCLUDING ALL); DROP TABLE changes; \
         ALTER TABLE restored RENAME TO changes",
    );
    assert_eq!(listener.news().await, [Change::Everything]);
    assert_eq!(listener.news().await, []);

    let store = crate::store::sqlite().await;
    for put_back in [
        "VACUUM",
        "DELETE FROM changes",
        "DELETE FROM changes; DELETE FROM sqlite_sequence",
    ] {
        logged_in(&store, "o1").await;
        store.place.run("UPDATE users SET nick_name = 'Else'");
        let mut listener = Listener::of(&store).await;
        store.place.run("UPDATE users SET nick_name = 'Again'");
        store.place.run(put_back);
        assert_eq!(listener.news().await, [Change::Everything], "{put_back}");
        assert_eq!(listener.news().await, [], "{put_back}");
    }
}

#[tokio::test]
async fn another_server_or_a_restarted_one_is_told_as_everything() {
    let server = testpg::Server::start_private().unwrap();
    let place = Place::Postgres(server.database().unwrap());
    let database = Database::open(options(place.url())).unwrap();
    database.migrate().await.unwrap();
    let store = Store { database, place };
    let mut listener = Listener::of(&store).await;
    assert_eq!(listener.news().await, []);
    server.stop().unwrap();
    server.start().unwrap();
    assert_eq!(listener.news().await, [Change::Everything]);
    let shared = crate::store::postgres().await;
    listener.feed = Box::new(shared.database.changes());
    assert_eq!(listener.news().await, [Change::Everything]);
}

/// The tools of a distribution have an older SQLite than the program. Their statements run the
/// triggers, too.
#[tokio::test]
async fn what_an_older_sqlite_of_another_process_changes_is_told() {
    const STATEMENT: &str = "UPDATE sessions SET ended_at = created_at";
    let store = crate::store::sqlite().await;
    let schema = store.place.texts(
        "SELECT lower(group_concat(sql, ';')) AS t FROM sqlite_master \
         WHERE type = 'trigger' OR name = 'changes'",
    );
    for newer_than_3_37 in ["subsec", "unixepoch", "json", "format("] {
        assert!(!schema[0].contains(newer_than_3_37), "{newer_than_3_37}");
    }
    let Place::Sqlite(folder) = &store.place else {
        unreachable!("it is SQLite");
    };
    let file = folder.path().join("test.db");
    let python = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2]); \
         c.commit()";
    for (program, arguments) in [("sqlite3", [].as_slice()), ("python3", &["-c", python])] {
        let login = logged_in(&store, "o1").await;
        let mut listener = Listener::of(&store).await;
        let mut command = Command::new(program);
        command.args(arguments).arg(&file).arg(STATEMENT);
        // Where there is no such program, the check of the schema above must do.
        let Ok(output) = command.output() else {
            continue;
        };
        assert!(output.status.success(), "{output:?}");
        assert_eq!(listener.news().await, [Change::Session(login.session.id)]);
        store.place.run("DELETE FROM sessions");
    }
}
