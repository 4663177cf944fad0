//! Uses of tokens, many at a time.

use std::future::Future;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, SqliteConnection};
use domain::id::SessionId;
use domain::ports::{
    GenerationUse, RepositoryError, SessionLifecycle, SessionRepository, TokenUse, UserRepository,
};
use domain::session::{Generation, SessionAccount};
use domain::testing::repository_contract::{Guest, StoreUnderTest};
use domain::time::{Timestamp, after};
use futures_util::FutureExt;
use futures_util::future::join_all;
use persistence::{Database, DatabaseOptions};
use testpg::Server;

use crate::proxy::Proxy;
use crate::store::{Place, Store, account, options};

type Used = Result<GenerationUse, RepositoryError>;

/// How long a replaced refresh token is still taken.
const GRACE: Duration = Duration::from_secs(10);

/// A token is used at a second after the first login. That of a refresh gives a day.
async fn used(
    database: &Database,
    id: SessionId,
    generation: u32,
    second: i64,
    is_refresh: bool,
) -> Used {
    let at = at(second);
    let token = if is_refresh {
        TokenUse::Refresh {
            expires_at: end_after(second),
            grace: GRACE,
        }
    } else {
        TokenUse::Access
    };
    let generation = Generation::new(generation);
    let lifecycle = database.lifecycle();
    lifecycle.use_generation(id, generation, at, token).await
}

fn refreshed(
    database: &Database,
    id: SessionId,
    generation: u32,
    second: i64,
) -> impl Future<Output = Used> {
    used(database, id, generation, second, true)
}

fn at(second: i64) -> Timestamp {
    Guest::new("wx01", "o").visit(second).at
}

fn end_after(second: i64) -> Timestamp {
    after(at(second), domain::time::Duration::from_hours(24))
}

fn live(used: Used) -> SessionAccount {
    match used.unwrap() {
        GenerationUse::Live(account) => *account,
        other => panic!("{other:?}"),
    }
}

/// The sessions of as many users.
async fn sessions(database: &Database, count: usize) -> Vec<SessionAccount> {
    let users = database.users();
    let guests = (0..count).map(|person| Guest::new("wx01", &format!("o{person}")));
    let visits = guests.map(|guest| users.record_visit(guest.visit_as(0, "Band")));
    join_all(visits).await.into_iter().map(account).collect()
}

async fn find(database: &Database, id: SessionId) -> SessionAccount {
    database.sessions().find(id).await.unwrap().unwrap()
}

/// What keeps the writer from writing until it is dropped.
#[expect(dead_code, reason = "held, not read")]
enum HoldUp {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

/// Holds up whoever writes this session: what comes meanwhile is one batch.
fn hold_up(place: &Place, id: SessionId) -> HoldUp {
    match place {
        Place::Sqlite(_) => HoldUp::Sqlite(place.lock()),
        Place::Postgres(_) => {
            let mut connection = PgConnection::establish(&place.url()).unwrap();
            let lock = format!("BEGIN; SELECT 1 FROM sessions WHERE id = '{id}' FOR UPDATE");
            connection.batch_execute(&lock).unwrap();
            HoldUp::Postgres(connection)
        }
    }
}

/// Starts all of them while the first session is held up, so that the others are one batch.
async fn in_one_batch(
    store: &Store,
    first: SessionId,
    uses: Vec<impl Future<Output = Used>>,
) -> Vec<Used> {
    let held_up = hold_up(&store.place, first);
    let mut all = Box::pin(join_all(uses));
    // Polled once, they are in the queue.
    assert!((&mut all).now_or_never().is_none());
    drop(held_up);
    all.await
}

async fn a_replay_in_a_batch(store: Store) {
    let database = &store.database;
    let accounts = sessions(database, 40).await;
    let id = |index: usize| accounts[index].session.id;
    // What is odd about some of them.
    let (replayed, ended, disabled, access, newer) = (3, 5, 8, 13, 21);
    live(used(database, id(replayed), 2, 1, true).await);
    let lifecycle = database.lifecycle();
    let ending = lifecycle.end(accounts[ended].user.id, id(ended), at(1));
    assert!(ending.await.unwrap());
    store.disable(accounts[disabled].user.id, at(1)).await;

    let uses = accounts.iter().enumerate().map(|(index, account)| {
        let generation = if index == newer { 4 } else { 1 };
        let is_refresh = ![access, newer].contains(&index);
        used(database, account.session.id, generation, 60, is_refresh)
    });
    let stranger = Guest::new("wx01", "o").visit(0).session.id;
    let mut uses: Vec<_> = uses.collect();
    uses.push(used(database, stranger, 1, 60, true));
    let outcomes = in_one_batch(&store, id(0), uses).await;

    let again = Database::open(options(store.place.url())).unwrap();
    for (index, outcome) in outcomes.into_iter().enumerate() {
        let expected = match index {
            3 => Some(GenerationUse::Replayed),
            5 | 8 | 40 => Some(GenerationUse::Ended),
            _ => None,
        };
        if let Some(expected) = expected {
            assert_eq!(outcome.unwrap(), expected, "{index}");
            continue;
        }
        let told = live(outcome);
        let mut expected = accounts[index].clone();
        if index == newer {
            expected.session.generation = Generation::new(4);
            expected.session.last_used_at = at(60);
        }
        if ![access, newer].contains(&index) {
            expected.session.expires_at = end_after(60);
        }
        assert_eq!(told, expected, "{index}");
        assert_eq!(find(&again, id(index)).await, expected, "{index}");
    }
    for (index, account) in accounts.iter().enumerate() {
        let found = find(&again, account.session.id).await;
        let is_over = [replayed, ended, disabled].contains(&index);
        assert_eq!(found.session.ended_at.is_some(), is_over, "{index}");
    }
}

#[tokio::test]
async fn a_replay_in_a_batch_ends_only_its_own_session_on_sqlite() {
    a_replay_in_a_batch(crate::store::sqlite().await).await;
}

#[tokio::test]
async fn a_replay_in_a_batch_ends_only_its_own_session_on_postgres() {
    a_replay_in_a_batch(crate::store::postgres().await).await;
}

async fn uses_of_one_session_in_a_batch(store: Store) {
    let database = &store.database;
    let accounts = sessions(database, 4).await;
    let id = |index: usize| accounts[index].session.id;
    let uses = vec![
        used(database, id(0), 1, 10, true),
        // The same token twice.
        used(database, id(1), 1, 20, true),
        used(database, id(1), 1, 15, true),
        // A refresh token and then an access token of the pair it gave.
        used(database, id(2), 1, 20, true),
        used(database, id(2), 2, 21, false),
        // Two generations, the older one last.
        used(database, id(3), 2, 20, true),
        used(database, id(3), 1, 29, true),
        used(database, id(3), 1, 31, true),
        used(database, id(3), 1, 32, true),
    ];
    let outcomes = in_one_batch(&store, id(0), uses).await;
    let mut outcomes = outcomes.into_iter();
    for _ in 0..4 {
        live(outcomes.next().unwrap());
    }
    assert_eq!(
        live(outcomes.next().unwrap()).session.generation.number(),
        2
    );
    live(outcomes.next().unwrap());
    let in_grace = live(outcomes.next().unwrap()).session;
    assert_eq!(
        (in_grace.generation.number(), in_grace.expires_at),
        (2, end_after(20))
    );
    assert_eq!(outcomes.next().unwrap().unwrap(), GenerationUse::Replayed);
    assert_eq!(outcomes.next().unwrap().unwrap(), GenerationUse::Ended);

    let found = find(database, id(2)).await.session;
    assert_eq!(
        (found.generation.number(), found.expires_at),
        (2, end_after(20))
    );
    assert_eq!(find(database, id(3)).await.session.ended_at, Some(at(31)));
    assert!(find(database, id(1)).await.session.expires_at >= end_after(15));
}

#[tokio::test]
async fn uses_of_one_session_in_a_batch_are_answered_one_after_the_other_on_sqlite() {
    uses_of_one_session_in_a_batch(crate::store::sqlite().await).await;
}

#[tokio::test]
async fn uses_of_one_session_in_a_batch_are_answered_one_after_the_other_on_postgres() {
    uses_of_one_session_in_a_batch(crate::store::postgres().await).await;
}

async fn more_refreshes_than_the_queue_holds(store: Store) {
    let Store { database, place } = store;
    let id = sessions(&database, 1).await[0].session.id;
    let small = Database::open(DatabaseOptions {
        queue_capacity: 4,
        acquire_timeout: Duration::from_secs(30),
        ..options(place.url())
    });
    let small = small.unwrap();
    let held_up = hold_up(&place, id);
    // The writer takes 256 at most and waits; four more wait for it.
    let uses: Vec<_> = (0..300).map(|_| refreshed(&small, id, 1, 10)).collect();
    let mut all = Box::pin(join_all(uses));
    assert!((&mut all).now_or_never().is_none());
    drop(held_up);
    let (mut taken, mut refused) = (0, 0);
    for outcome in all.await {
        match outcome {
            Ok(GenerationUse::Live(_)) => taken += 1,
            Err(RepositoryError::Overloaded) => refused += 1,
            other => panic!("{other:?}"),
        }
    }
    assert!((4..=260).contains(&taken), "{taken}");
    assert_eq!(taken + refused, 300);
}

#[tokio::test]
async fn more_refreshes_than_the_queue_holds_are_refused_and_the_others_written_on_sqlite() {
    more_refreshes_than_the_queue_holds(crate::store::sqlite().await).await;
}

#[tokio::test]
async fn more_refreshes_than_the_queue_holds_are_refused_and_the_others_written_on_postgres() {
    more_refreshes_than_the_queue_holds(crate::store::postgres().await).await;
}

#[tokio::test]
async fn a_refresh_whose_connection_is_killed_in_the_middle_is_written_on_another() {
    let store = crate::store::postgres().await;
    let database = store.database.clone();
    let ids: Vec<_> = sessions(&database, 20).await;
    let ids: Vec<_> = ids.iter().map(|account| account.session.id).collect();
    let held_up = hold_up(&store.place, ids[7]);
    let refreshes = ids.iter().map(|id| refreshed(&database, *id, 2, 10));
    let mut all = Box::pin(join_all(refreshes));
    assert!((&mut all).now_or_never().is_none());
    let waiting = "SELECT pid::text AS t FROM pg_stat_activity \
        WHERE wait_event_type = 'Lock' AND datname = current_database()";
    let writer = loop {
        if let Some(pid) = store.place.texts(waiting).pop() {
            break pid;
        }
        tokio::task::yield_now().await;
    };
    let killed = format!("SELECT pg_terminate_backend({writer})::text AS t");
    assert_eq!(store.place.texts(&killed), ["true"]);
    drop(held_up);
    for outcome in all.await {
        assert_eq!(live(outcome).session.expires_at, end_after(10));
    }
}

#[tokio::test]
async fn a_refresh_whose_answer_was_lost_is_answered_as_one_that_was_not() {
    let server = Server::start_private().unwrap();
    let direct = server.database().unwrap();
    let (proxy, url) = Proxy::of(&direct);
    let database = Database::open(options(url)).unwrap();
    database.migrate().await.unwrap();
    let accounts = sessions(&database, 5).await;

    proxy.lose_the_answer_to("UPDATE sessions");
    let refreshes = accounts.iter();
    let refreshes = refreshes.map(|account| refreshed(&database, account.session.id, 2, 10));
    for outcome in join_all(refreshes).await {
        let session = live(outcome).session;
        assert_eq!(
            (session.generation.number(), session.expires_at),
            (2, end_after(10))
        );
    }
    assert_eq!(proxy.lost(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_logout_everywhere_amid_refreshes_at_two_replicas_fails_nobody() {
    let store = crate::store::postgres().await;
    let replica = Database::open(options(store.place.url())).unwrap();
    let guest = Guest::new("wx01", "o1");
    for round in 0..5 {
        let users = store.database.users();
        let visits = (0..40).map(|second| users.record_visit(guest.visit(round * 100 + second)));
        let accounts: Vec<_> = join_all(visits).await.into_iter().map(account).collect();
        let second = round * 100 + 50;
        let refreshes = accounts.iter().flat_map(|account| {
            [&store.database, &replica].map(|database| {
                let (database, id) = (database.clone(), account.session.id);
                tokio::spawn(async move { refreshed(&database, id, 1, second).await })
            })
        });
        let refreshes: Vec<_> = refreshes.collect();
        let lifecycle = store.database.lifecycle();
        lifecycle
            .end_all(accounts[0].user.id, at(second))
            .await
            .unwrap();
        for outcome in join_all(refreshes).await {
            let outcome = outcome.unwrap().unwrap();
            assert_ne!(outcome, GenerationUse::Replayed);
        }
        for account in accounts {
            let after = refreshed(&replica, account.session.id, 1, second).await;
            assert_eq!(after.unwrap(), GenerationUse::Ended);
        }
    }
}

#[tokio::test]
async fn an_acknowledged_refresh_is_in_the_files_of_sqlite_as_a_kill_would_leave_them() {
    let store = crate::store::sqlite().await;
    let accounts = sessions(&store.database, 30).await;
    for generation in 2..6 {
        let refreshes = accounts.iter();
        let refreshes =
            refreshes.map(|account| refreshed(&store.database, account.session.id, generation, 10));
        join_all(refreshes).await.into_iter().for_each(|outcome| {
            live(outcome);
        });
        let killed = store.place.as_killed();
        let after = Database::open(options(killed.url())).unwrap();
        for account in &accounts {
            let found = find(&after, account.session.id).await;
            assert_eq!(found.session.generation.number(), generation);
        }
    }
}
