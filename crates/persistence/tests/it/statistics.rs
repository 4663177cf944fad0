//! How busy a database says it is.

use std::time::Duration;

use domain::ports::{SessionRepository, UserRepository};
use domain::testing::repository_contract::Guest;
use futures_util::future::join_all;
use persistence::{Database, DatabaseOptions};

use crate::store::{account, options};

#[tokio::test]
async fn items_and_their_batches_are_counted_and_do_not_wait_afterwards() {
    let store = crate::store::sqlite().await;
    let (users, guest) = (store.database.users(), Guest::new("wx01", "o1"));
    for second in 0..5 {
        account(users.record_visit(guest.visit(second)).await);
    }
    let [visits, token_uses, ..] = store.database.statistics().queues();
    assert_eq!(
        (visits.name, visits.items, visits.batches),
        ("visits", 5, 5)
    );
    assert_eq!((token_uses.name, token_uses.items), ("token uses", 0));
    assert_eq!(visits.waiting, 0);
}

#[tokio::test]
async fn a_call_that_waits_for_a_connection_is_counted_while_and_after_it_waits() {
    let store = crate::store::postgres().await;
    // One for the writers, one for all else.
    let database = Database::open(DatabaseOptions {
        pool_size: 2,
        ..options(store.place.url())
    });
    let database = database.unwrap();
    let guest = Guest::new("wx01", "o1");
    let first = account(database.users().record_visit(guest.visit(0)).await);
    let statistics = database.statistics();
    assert_eq!(statistics.pool().size, 1);

    let lock = store
        .place
        .hold("LOCK TABLE sessions IN ACCESS EXCLUSIVE MODE");
    let finds: Vec<_> = (0..3)
        .map(|_| {
            let sessions = database.sessions();
            tokio::spawn(async move { sessions.find(first.session.id).await })
        })
        .collect();
    let two_wait = async {
        while statistics.pool().waiting < 2 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(2), two_wait)
        .await
        .unwrap();
    assert_eq!(statistics.pool().in_use, 1);
    drop(lock);
    for found in join_all(finds).await {
        assert!(found.unwrap().unwrap().is_some());
    }
    let after = statistics.pool();
    assert_eq!((after.waiting, after.timed_out), (0, 0), "{after:?}");
    assert!(after.waited > Duration::ZERO, "{after:?}");
}
