//! What is acknowledged on SQLite is in its files.

use domain::ports::{RepositoryError, SessionRepository, UserRepository};
use domain::testing::repository_contract::Guest;
use futures_util::future::join_all;
use persistence::{Database, DatabaseOptions};
use std::time::Duration;

use crate::store::{account, options};

#[tokio::test]
async fn an_acknowledged_visit_is_in_the_files_as_a_kill_would_leave_them() {
    let store = crate::store::sqlite().await;
    for round in 0..10 {
        let visits = (0..30).map(|person| Guest::new("wx01", &format!("o{person}")).visit(round));
        let users = store.database.users();
        let visits = join_all(visits.map(|visit| users.record_visit(visit))).await;
        // The database stays open: nothing is tidied up before the files are copied.
        let killed = store.place.as_killed();
        let after = Database::open(options(killed.url())).unwrap();
        for visit in visits {
            let id = account(visit).session.id;
            assert!(after.sessions().find(id).await.unwrap().is_some());
        }
    }
}

#[tokio::test]
async fn a_sqlite_file_that_another_process_holds_is_unavailable_and_not_broken() {
    let store = crate::store::sqlite().await;
    let database = Database::open(DatabaseOptions {
        acquire_timeout: Duration::from_millis(100),
        ..options(store.place.url())
    });
    let database = database.unwrap();
    let guest = Guest::new("wx01", "o1");
    let lock = store.place.lock();
    let refused = database.users().record_visit(guest.visit(0)).await;
    assert!(
        matches!(refused, Err(RepositoryError::Unavailable(_))),
        "{refused:?}"
    );
    drop(lock);
    account(database.users().record_visit(guest.visit(1)).await);
}

#[tokio::test]
async fn two_processes_may_write_one_sqlite_file() {
    let store = crate::store::sqlite().await;
    let other = Database::open(options(store.place.url())).unwrap();
    let guest = Guest::new("wx01", "o1");
    let visits = (0..40).map(|second| {
        let database = if second % 2 == 0 {
            &store.database
        } else {
            &other
        };
        let users = database.users();
        let visit = guest.visit(second);
        async move { users.record_visit(visit).await }
    });
    let accounts: Vec<_> = join_all(visits).await.into_iter().map(account).collect();
    assert!(
        accounts
            .iter()
            .all(|account| account.user.id == accounts[0].user.id)
    );
}
