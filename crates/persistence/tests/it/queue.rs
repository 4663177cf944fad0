//! The queue before the writers.

use std::time::Duration;

use diesel::SqliteConnection;
use domain::ports::{RepositoryError, SessionRepository, UserRepository};
use domain::testing::repository_contract::Guest;
use domain::visit::VisitOutcome;
use futures_util::FutureExt;
use futures_util::future::join_all;
use persistence::{Database, DatabaseOptions};

use crate::store::{Store, account, options};

/// A store on SQLite whose writer is held up until the value is dropped.
struct HeldUp {
    store: Store,
    lock: SqliteConnection,
}

async fn held_up(queue_capacity: usize) -> HeldUp {
    let Store { place, .. } = crate::store::sqlite().await;
    let database = Database::open(DatabaseOptions {
        queue_capacity,
        acquire_timeout: Duration::from_secs(30),
        ..options(place.url())
    });
    let lock = place.lock();
    HeldUp {
        store: Store {
            database: database.unwrap(),
            place,
        },
        lock,
    }
}

#[tokio::test]
async fn more_visits_than_the_queue_holds_are_refused_at_once_and_the_others_stored() {
    let HeldUp { store, lock } = held_up(4).await;
    let users = store.database.users();
    let guest = Guest::new("wx01", "o1");
    let visits: Vec<_> = (0..300)
        .map(|second| {
            tokio::spawn({
                let (users, visit) = (users.clone(), guest.visit(second));
                async move { users.record_visit(visit).await }
            })
        })
        .collect();
    // The writer takes 256 at most and waits; four more wait for it.
    let refused = async {
        while visits.iter().filter(|visit| visit.is_finished()).count() < 40 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), refused)
        .await
        .unwrap();
    drop(lock);

    let mut stored = 0;
    for outcome in join_all(visits).await {
        match outcome.unwrap() {
            Ok(VisitOutcome::Recorded { .. }) => stored += 1,
            Err(RepositoryError::Overloaded) => {}
            other => panic!("{other:?}"),
        }
    }
    assert!((1..=260).contains(&stored), "{stored}");
    let count = store
        .place
        .texts("SELECT CAST(count(*) AS TEXT) AS t FROM sessions");
    assert_eq!(count, [stored.to_string()]);
}

#[tokio::test]
async fn a_visit_is_stored_although_its_caller_has_gone_away() {
    let HeldUp { store, lock } = held_up(64).await;
    let visit = Guest::new("wx01", "o1").visit(0);
    let id = visit.session.id;
    let users = store.database.users();
    let gone = tokio::time::timeout(Duration::from_millis(20), users.record_visit(visit)).await;
    assert!(gone.is_err(), "the writer is held up");
    drop(lock);
    // Visits of one identity are stored in their order.
    account(users.record_visit(Guest::new("wx01", "o1").visit(1)).await);
    assert!(store.database.sessions().find(id).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_is_stored_before_the_database_is_closed() {
    let HeldUp { store, lock } = held_up(64).await;
    let Store { database, place } = store;
    let visits: Vec<_> = (0..20)
        .map(|n| Guest::new("wx01", &format!("o{n}")).visit(n))
        .collect();
    for visit in visits {
        // Polled once, it is in the queue.
        let recording = database.users();
        assert!(recording.record_visit(visit).now_or_never().is_none());
    }
    let closing = tokio::task::spawn_blocking(move || drop(database));
    drop(lock);
    closing.await.unwrap();
    let count = place.texts("SELECT CAST(count(*) AS TEXT) AS t FROM sessions");
    assert_eq!(count, ["20"]);
}

#[tokio::test]
async fn a_row_that_the_database_refuses_fails_only_its_own_visit() {
    let store = crate::store::postgres().await;
    let users = store.database.users();
    // PostgreSQL takes no NUL character, and WeChat sends none: a bug, here in every tenth.
    let visits = (0..100).map(|number| {
        let nul = if number % 10 == 3 { "\0" } else { "" };
        users.record_visit(Guest::new("wx01", &format!("o{number}{nul}")).visit(number))
    });
    for (number, outcome) in join_all(visits).await.into_iter().enumerate() {
        if number % 10 == 3 {
            assert!(
                matches!(outcome, Err(RepositoryError::Internal(_))),
                "{outcome:?}"
            );
        } else {
            assert!(
                matches!(outcome, Ok(VisitOutcome::Recorded { .. })),
                "{outcome:?}"
            );
        }
    }
}
