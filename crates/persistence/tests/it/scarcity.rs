//! PostgreSQL gives few connections, or does not answer at all.

use std::time::{Duration, Instant};

use domain::ports::{NotReady, ReadinessProbe, RepositoryError, SessionRepository, UserRepository};
use domain::testing::repository_contract::Guest;
use futures_util::future::join_all;
use persistence::{Database, DatabaseOptions};
use testpg::Server;

use crate::outages::eventually;
use crate::role::Role;
use crate::store::{account, options};

#[tokio::test]
async fn a_frozen_database_is_given_up_in_time_and_used_when_it_goes_on() {
    let server = Server::start_private().unwrap();
    let place = server.database().unwrap();
    let timeout = Duration::from_millis(800);
    let database = Database::open(DatabaseOptions {
        pool_size: 8,
        timeout,
        ..options(place.url())
    })
    .unwrap();
    database.hold_writers();
    database.migrate().await.unwrap();
    let (users, sessions) = (database.users(), database.sessions());
    let guests: Vec<_> = (0..8)
        .map(|n| Guest::new("wx01", &format!("o{n}")))
        .collect();
    let first = account(users.record_visit(guests[0].visit(0)).await);
    let found = join_all([first.session.id; 8].map(|id| sessions.find(id))).await;
    assert!(found.iter().all(Result::is_ok));

    server.freeze().unwrap();
    let mut rounds = Vec::new();
    // In the second round there is no connection any more, and none can be opened.
    for round in 1..=2 {
        let began = Instant::now();
        let visits = join_all(
            guests
                .iter()
                .map(|guest| users.record_visit(guest.visit(round))),
        );
        let finds = join_all([first.session.id; 20].map(|id| sessions.find(id)));
        let readiness = database.readiness();
        let (visits, finds, ready) = tokio::join!(visits, finds, readiness.probe());
        rounds.push((began.elapsed(), visits, finds, ready));
    }
    // First of all, so that a failure can be cleaned up.
    server.thaw().unwrap();
    for (elapsed, visits, finds, ready) in rounds {
        assert!(elapsed < timeout * 3, "{elapsed:?}");
        for visit in visits {
            assert!(
                matches!(visit, Err(RepositoryError::Unavailable(_))),
                "{visit:?}"
            );
        }
        for found in finds {
            assert!(
                matches!(found, Err(RepositoryError::Unavailable(_))),
                "{found:?}"
            );
        }
        assert!(matches!(ready, Err(NotReady::Unreachable(_))), "{ready:?}");
    }

    for guest in &guests {
        eventually(async || users.record_visit(guest.visit(3)).await).await;
    }
    eventually(async || database.readiness().probe().await).await;
    let found = eventually(async || sessions.find(first.session.id).await).await;
    assert!(found.is_some());
    // What was given up may have been stored, but never by half.
    let orphans = crate::store::Place::Postgres(place).texts(
        "SELECT count(*)::text AS t FROM users u FULL JOIN identities i ON i.user_id = u.id \
         WHERE u.id IS NULL OR i.user_id IS NULL",
    );
    assert_eq!(orphans, ["0"]);
}

#[tokio::test]
async fn a_database_that_is_frozen_does_not_hold_up_the_end_of_the_process() {
    let server = Server::start_private().unwrap();
    let place = server.database().unwrap();
    let timeout = Duration::from_millis(400);
    let database = Database::open(DatabaseOptions {
        timeout,
        ..options(place.url())
    })
    .unwrap();
    database.migrate().await.unwrap();
    let users = database.users();
    account(users.record_visit(Guest::new("wx01", "o1").visit(0)).await);
    server.freeze().unwrap();
    let visit = users.record_visit(Guest::new("wx01", "o1").visit(1));
    let gone = tokio::time::timeout(Duration::from_millis(50), visit).await;
    assert!(gone.is_err());
    let began = Instant::now();
    drop((users, database));
    let elapsed = began.elapsed();
    // The database of the test can be dropped only then.
    server.thaw().unwrap();
    assert!(elapsed < timeout * 4, "{elapsed:?}");
}

#[tokio::test]
async fn logins_work_where_a_role_has_fewer_connections_than_we_would_like() {
    for limit in [3, 5] {
        let place = testpg::database().unwrap();
        let role = Role::create(&place, &format!("CONNECTION LIMIT {limit}"));
        // What migrates is gone before the service starts.
        Database::open(options(role.url()))
            .unwrap()
            .migrate()
            .await
            .unwrap();
        let database = Database::open(options(role.url())).unwrap();
        database.hold_writers();
        eventually(async || database.readiness().probe().await).await;
        let (users, sessions) = (database.users(), database.sessions());
        for round in 0..3 {
            // The pool wants all of its connections at once, while logins come in.
            let guests = (0..100).map(|n| Guest::new("wx01", &format!("o{n}")));
            let visits = join_all(guests.map(|guest| users.record_visit(guest.visit(round))));
            let id = Guest::new("wx01", "o1").visit(round).session.id;
            let finds = join_all([id; 40].map(|id| sessions.find(id)));
            let (visits, finds) = tokio::join!(visits, finds);
            for visit in visits {
                account(visit);
            }
            for found in finds {
                found.unwrap();
            }
            database.readiness().probe().await.unwrap();
        }
    }
}

#[tokio::test]
async fn six_replicas_fit_a_server_of_a_hundred_connections() {
    let default = options(String::from("postgres://localhost/x")).pool_size;
    assert!(default * 6 <= 97, "three are kept for superusers");
    let place = testpg::database().unwrap();
    let role = Role::create(&place, &format!("CONNECTION LIMIT {default}"));
    let database = Database::open(options(role.url())).unwrap();
    database.migrate().await.unwrap();
    database.hold_writers();
    let (users, sessions) = (database.users(), database.sessions());
    let id = account(users.record_visit(Guest::new("wx01", "o1").visit(0)).await)
        .session
        .id;
    let visits = join_all((0..500).map(|n| {
        let guest = Guest::new("wx01", &format!("o{n}"));
        let users = users.clone();
        async move { users.record_visit(guest.visit(1)).await }
    }));
    let finds = join_all([id; 200].map(|id| sessions.find(id)));
    let (visits, finds) = tokio::join!(visits, finds);
    assert!(visits.iter().all(Result::is_ok));
    assert!(finds.iter().all(Result::is_ok));
    let refused = crate::store::Place::Postgres(place).texts(&format!(
        "SELECT (count(*) <= {default})::text AS t FROM pg_stat_activity \
         WHERE usename = '{}'",
        role.name()
    ));
    assert_eq!(refused, ["true"]);
}

#[tokio::test]
async fn a_batch_that_waited_for_a_lock_is_refused_at_once_and_not_part_by_part() {
    let store = crate::store::postgres().await;
    let timeout = Duration::from_secs(2);
    let database = Database::open(DatabaseOptions {
        timeout,
        ..options(store.place.url())
    })
    .unwrap();
    let lock = store.place.hold("LOCK TABLE sessions IN EXCLUSIVE MODE");
    let users = database.users();
    let visits = (0..48).map(|n| {
        let users = users.clone();
        async move {
            users
                .record_visit(Guest::new("wx01", &format!("o{n}")).visit(0))
                .await
        }
    });
    let began = Instant::now();
    for visit in join_all(visits).await {
        assert!(
            matches!(visit, Err(RepositoryError::Unavailable(_))),
            "{visit:?}"
        );
    }
    assert!(began.elapsed() < timeout * 2, "{:?}", began.elapsed());
    let ready = database.readiness().probe().await;
    assert!(
        ready.is_ok(),
        "the lock is no fault of the database: {ready:?}"
    );
    drop(lock);
    account(users.record_visit(Guest::new("wx01", "o0").visit(1)).await);
}
