//! Entries of the audit log that wait for one commit.

use std::time::Duration;

use domain::audit::{AuditAction, AuditEntry, AuditQuery};
use domain::ports::{AuditLog, RepositoryError};
use domain::testing::repository_contract::entry;
use futures_util::FutureExt;
use futures_util::future::join_all;
use persistence::{Database, DatabaseOptions};
use rstest::rstest;
use testpg::Server;

use crate::outages::{eventually, impatient};
use crate::proxy::Proxy;
use crate::store::{Place, Store, options};

fn signed(subject: &str) -> AuditEntry {
    AuditEntry {
        subject: Some(subject.to_owned()),
        ..entry(AuditAction::SignText, None)
    }
}

fn kept(place: &Place) -> Vec<String> {
    place.texts("SELECT subject AS t FROM audit_log ORDER BY subject")
}

async fn record_all(
    database: &Database,
    entries: Vec<AuditEntry>,
) -> Vec<Result<(), RepositoryError>> {
    let audit = database.audit();
    join_all(entries.into_iter().map(|entry| audit.record(entry))).await
}

#[tokio::test]
async fn an_acknowledged_entry_is_in_the_files_as_a_kill_would_leave_them() {
    let store = crate::store::sqlite().await;
    for round in 1..=5 {
        let entries = (0..30).map(|number| signed(&format!("{round} {number}")));
        let recorded = record_all(&store.database, entries.collect()).await;
        assert!(recorded.iter().all(Result::is_ok));
        assert_eq!(kept(&store.place.as_killed()).len(), round * 30);
    }
}

#[rstest]
#[case::sqlite(crate::store::sqlite().boxed())]
#[case::postgres(crate::store::postgres().boxed())]
#[tokio::test]
async fn entries_that_wait_share_a_commit(
    #[case]
    #[future(awt)]
    store: Store,
) {
    let entries = (0..100).map(|number| signed(&number.to_string()));
    let recorded = record_all(&store.database, entries.collect()).await;
    assert!(recorded.iter().all(Result::is_ok));
    let queues = store.database.statistics().queues();
    let queue = queues.iter().find(|queue| queue.name == "audit entries");
    let queue = queue.unwrap();
    assert_eq!((queue.items, queue.waiting), (100, 0));
    // The first is written at once; the others gather meanwhile.
    assert!(queue.batches < 50, "{queue:?}");
}

#[rstest]
#[case::sqlite(
    crate::store::sqlite().boxed(),
    "CREATE TRIGGER refused BEFORE INSERT ON audit_log WHEN NEW.subject LIKE '%3'
     BEGIN SELECT RAISE(ABORT, 'no'); END;"
)]
#[case::postgres(
    crate::store::postgres().boxed(),
    "ALTER TABLE audit_log ADD CHECK (subject NOT LIKE '%3');"
)]
#[tokio::test]
async fn an_entry_that_the_database_refuses_fails_alone(
    #[case]
    #[future(awt)]
    store: Store,
    #[case] refusal: &str,
) {
    store.place.run(refusal);
    let entries = (0..100).map(|number| signed(&format!("{number:02}")));
    let recorded = record_all(&store.database, entries.collect()).await;
    for (number, recorded) in recorded.into_iter().enumerate() {
        assert_eq!(
            recorded.is_err(),
            number % 10 == 3,
            "{number}: {recorded:?}"
        );
    }
    let expected = (0..100).filter(|number| number % 10 != 3);
    let expected: Vec<_> = expected.map(|number| format!("{number:02}")).collect();
    assert_eq!(kept(&store.place), expected);
}

#[tokio::test]
async fn an_entry_whose_answer_was_lost_is_neither_lost_nor_stored_twice() {
    let server = Server::start_private().unwrap();
    let direct = server.database().unwrap();
    let (proxy, url) = Proxy::of(&direct);
    let database = Database::open(options(url)).unwrap();
    database.migrate().await.unwrap();
    proxy.lose_the_answer_to("INSERT INTO audit_log");
    let entries = ["a", "b", "c"].map(signed).to_vec();
    let recorded = record_all(&database, entries).await;
    assert!(recorded.iter().all(Result::is_ok), "{recorded:?}");
    assert_eq!(proxy.lost(), 1);
    assert_eq!(kept(&Place::Postgres(direct)), ["a", "b", "c"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_acknowledged_entry_is_lost_when_postgres_is_killed() {
    let server = Server::start_private().unwrap();
    let place = server.database().unwrap();
    let database = Database::open(impatient(place.url())).unwrap();
    database.migrate().await.unwrap();
    let (acknowledged, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let writers: Vec<_> = (0..16)
        .map(|writer| {
            let (audit, acknowledged) = (database.audit(), acknowledged.clone());
            tokio::spawn(async move {
                for number in 0.. {
                    let subject = format!("{writer} {number}");
                    match audit.record(signed(&subject)).await {
                        Ok(()) if acknowledged.send(subject).is_ok() => {}
                        // Those who listen have heard enough.
                        Ok(()) => return,
                        Err(RepositoryError::Unavailable(_)) => tokio::task::yield_now().await,
                        Err(error) => panic!("not an outage: {error:?}"),
                    }
                }
            })
        })
        .collect();
    let mut subjects = Vec::new();
    while subjects.len() < 200 {
        subjects.push(heard.recv().await.unwrap());
    }
    server.kill().unwrap();
    // All that was acknowledged before the kill is in the channel already.
    while let Ok(subject) = heard.try_recv() {
        subjects.push(subject);
    }
    server.start().unwrap();
    subjects.push(heard.recv().await.unwrap());
    drop(heard);
    for writer in writers {
        writer.await.unwrap();
    }
    let readiness = database.audit();
    eventually(async || {
        let page = domain::account::Page::first(1);
        readiness.search(&AuditQuery::default(), page).await
    })
    .await;
    let kept = kept(&Place::Postgres(place));
    for subject in subjects {
        assert!(kept.contains(&subject), "{subject} was acknowledged");
    }
}

#[tokio::test]
async fn an_entry_that_the_database_does_not_take_in_time_is_not_acknowledged() {
    let store = crate::store::sqlite().await;
    let database = Database::open(DatabaseOptions {
        acquire_timeout: Duration::from_millis(100),
        ..options(store.place.url())
    });
    let database = database.unwrap();
    let lock = store.place.lock();
    let refused = database.audit().record(signed("late")).await;
    assert!(
        matches!(refused, Err(RepositoryError::Unavailable(_))),
        "{refused:?}"
    );
    drop(lock);
    database.audit().record(signed("in time")).await.unwrap();
    assert_eq!(kept(&store.place), ["in time"]);
}
