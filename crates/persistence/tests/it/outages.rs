//! PostgreSQL goes away and comes back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use domain::ports::{NotReady, ReadinessProbe, RepositoryError, SessionRepository, UserRepository};
use domain::testing::repository_contract::Guest;
use domain::visit::VisitOutcome;
use futures_util::future::join_all;
use persistence::{Database, DatabaseOptions};
use testpg::Server;

use crate::proxy::Proxy;
use crate::store::{Place, account, options};

/// Options with little patience.
pub(crate) fn impatient(url: String) -> DatabaseOptions {
    DatabaseOptions {
        pool_size: 4,
        acquire_timeout: Duration::from_millis(500),
        ..options(url)
    }
}

/// Tries until it goes well, for half a minute at most.
pub(crate) async fn eventually<T, E: std::fmt::Debug>(
    mut attempt: impl AsyncFnMut() -> Result<T, E>,
) -> T {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        match attempt().await {
            Ok(value) => return value,
            Err(error) if Instant::now() > deadline => panic!("still not: {error:?}"),
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

#[tokio::test]
async fn a_database_that_is_away_at_the_start_is_used_as_soon_as_it_is_there() {
    let server = Server::start_private().unwrap();
    let place = server.database().unwrap();
    server.stop().unwrap();

    let database = Database::open(impatient(place.url())).unwrap();
    let guest = Guest::new("wx01", "o1");
    let probed = database.readiness().probe().await;
    assert!(
        matches!(probed, Err(NotReady::Unreachable(_))),
        "{probed:?}"
    );
    assert!(database.migrate().await.is_err());
    let refused = database.users().record_visit(guest.visit(0)).await;
    assert!(
        matches!(refused, Err(RepositoryError::Unavailable(_))),
        "{refused:?}"
    );

    server.start().unwrap();
    eventually(async || database.migrate().await).await;
    eventually(async || database.readiness().probe().await).await;
    eventually(async || database.users().record_visit(guest.visit(1)).await).await;
}

#[tokio::test]
async fn after_a_restart_nothing_needs_a_hand() {
    let server = Server::start_private().unwrap();
    let place = server.database().unwrap();
    let database = Database::open(impatient(place.url())).unwrap();
    database.migrate().await.unwrap();
    let (users, sessions) = (database.users(), database.sessions());
    let guest = Guest::new("wx01", "o1");
    let first = account(users.record_visit(guest.visit(0)).await);
    // All connections of the pool are open.
    let ids = [first.session.id; 8];
    for found in join_all(ids.map(|id| sessions.find(id))).await {
        assert!(found.unwrap().is_some());
    }

    server.stop().unwrap();
    let asked = Instant::now();
    let refused = users.record_visit(guest.visit(1)).await;
    assert!(
        matches!(refused, Err(RepositoryError::Unavailable(_))),
        "{refused:?}"
    );
    let found = sessions.find(first.session.id).await;
    assert!(
        matches!(found, Err(RepositoryError::Unavailable(_))),
        "{found:?}"
    );
    assert!(
        asked.elapsed() < Duration::from_secs(10),
        "{:?}",
        asked.elapsed()
    );

    server.start().unwrap();
    eventually(async || users.record_visit(guest.visit(2)).await).await;
    eventually(async || sessions.find(first.session.id).await).await;
    database.readiness().probe().await.unwrap();
}

#[tokio::test]
async fn connections_that_were_lost_unnoticed_are_replaced_without_an_error() {
    let store = crate::store::postgres().await;
    let (users, sessions) = (store.database.users(), store.database.sessions());
    let guest = Guest::new("wx01", "o1");
    let first = account(users.record_visit(guest.visit(0)).await);
    let found = join_all([first.session.id; 16].map(|id| sessions.find(id))).await;
    assert!(found.iter().all(Result::is_ok));

    store.place.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
    let second = account(users.record_visit(guest.visit(1)).await);
    assert_eq!(second.user.id, first.user.id);
    assert!(sessions.find(second.session.id).await.unwrap().is_some());
}

#[tokio::test]
async fn of_several_hosts_the_one_that_answers_is_used() {
    let place = testpg::database().unwrap();
    let url = place
        .url()
        .replacen("://postgres@", "://postgres@127.0.0.1:1,", 1);
    let database = Database::open(options(url)).unwrap();
    database.migrate().await.unwrap();
    let visit = Guest::new("wx01", "o1").visit(0);
    account(database.users().record_visit(visit).await);
}

#[tokio::test]
async fn a_database_that_cannot_be_written_to_is_not_available() {
    let store = crate::store::postgres().await;
    let guest = Guest::new("wx01", "o1");
    account(store.database.users().record_visit(guest.visit(0)).await);
    let set = |value: &str| {
        let name = store
            .place
            .texts("SELECT current_database()::text AS t")
            .remove(0);
        store.place.execute(&format!(
            "ALTER DATABASE {name} SET default_transaction_read_only = {value}"
        ));
    };
    // What the writers are connected to becomes a standby, as it were.
    set("on");
    store.place.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
    let refused = store.database.users().record_visit(guest.visit(1)).await;
    assert!(
        matches!(refused, Err(RepositoryError::Unavailable(_))),
        "{refused:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_acknowledged_visit_is_lost_when_postgres_is_killed() {
    let server = Server::start_private().unwrap();
    let place = server.database().unwrap();
    let database = Database::open(impatient(place.url())).unwrap();
    database.migrate().await.unwrap();

    let is_over = Arc::new(AtomicBool::new(false));
    let (acknowledged, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let visitors = (0..16).map(|person| {
        let (users, is_over) = (database.users(), Arc::clone(&is_over));
        let acknowledged = acknowledged.clone();
        tokio::spawn(async move {
            let guest = Guest::new("wx01", &format!("o{person}"));
            let mut second = 0;
            while !is_over.load(Ordering::SeqCst) {
                second += 1;
                match users.record_visit(guest.visit(second)).await {
                    Ok(outcome) => acknowledged.send(account(Ok(outcome)).session.id).unwrap(),
                    Err(RepositoryError::Unavailable(_)) => tokio::task::yield_now().await,
                    Err(error) => panic!("not an outage: {error:?}"),
                }
            }
        })
    });
    let visitors: Vec<_> = visitors.collect();
    let mut sessions = Vec::new();
    heard.recv_many(&mut sessions, 200).await;
    while sessions.len() < 200 {
        sessions.push(heard.recv().await.unwrap());
    }
    server.kill().unwrap();
    // All that was acknowledged before the kill is in the channel already.
    while let Ok(session) = heard.try_recv() {
        sessions.push(session);
    }
    server.start().unwrap();
    sessions.push(heard.recv().await.unwrap());
    is_over.store(true, Ordering::SeqCst);
    for visitor in visitors {
        visitor.await.unwrap();
    }

    assert!(sessions.len() > 200);
    for id in sessions {
        let found = eventually(async || database.sessions().find(id).await).await;
        assert!(found.is_some(), "{id} was acknowledged");
    }
}

#[tokio::test]
async fn a_visit_whose_answer_was_lost_is_neither_lost_nor_stored_twice() {
    let server = Server::start_private().unwrap();
    let direct = server.database().unwrap();
    let (proxy, url) = Proxy::of(&direct);
    let database = Database::open(options(url)).unwrap();
    database.migrate().await.unwrap();

    proxy.lose_the_answer_to("INSERT INTO sessions");
    let guests = (0..5).map(|person| Guest::new("wx01", &format!("o{person}")));
    let users = database.users();
    let visits = guests.map(|guest| users.record_visit(guest.visit(0)));
    for outcome in join_all(visits).await {
        assert!(
            matches!(outcome, Ok(VisitOutcome::Recorded { .. })),
            "{outcome:?}"
        );
    }
    assert_eq!(proxy.lost(), 1);
    let place = Place::Postgres(direct);
    for table in ["users", "identities", "sessions"] {
        let count = place.texts(&format!("SELECT count(*)::text AS t FROM {table}"));
        assert_eq!(count, ["5"], "{table}");
    }
}
