//! Databases that will not do, and what is said about them.

use std::error::Error;
use std::time::{Duration, Instant};

use domain::ports::{NotReady, ReadinessProbe, RepositoryError, UserRepository};
use domain::testing::repository_contract::Guest;
use persistence::{Database, DatabaseOptions, Finding};
use testpg::{Pooler, Server};

use crate::outages::eventually;
use crate::role::Role;
use crate::store::{Place, account, options};

fn in_full(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

#[tokio::test]
async fn a_database_that_does_not_keep_utf_8_is_refused_by_its_encoding() {
    let place = Place::Postgres(testpg::database().unwrap());
    for encoding in ["EUC_CN", "LATIN1", "SQL_ASCII"] {
        let url = place.url();
        let (server, name) = url.rsplit_once('/').unwrap();
        let name = format!("{name}_{}", encoding.to_lowercase());
        place.execute(&format!(
            "CREATE DATABASE {name} ENCODING '{encoding}' TEMPLATE template0 \
             LC_COLLATE 'C' LC_CTYPE 'C'"
        ));
        let database = Database::open(options(format!("{server}/{name}"))).unwrap();
        let found = database.examine().await.unwrap();
        assert!(
            matches!(found.as_slice(), [Finding::Unfit(text)] if text.contains(encoding)),
            "{found:?}"
        );
        let error = database.migrate().await.unwrap_err();
        assert!(error.is_final());
        assert!(in_full(&error).contains(encoding), "{}", in_full(&error));
        let ready = database.readiness().probe().await;
        assert!(matches!(ready, Err(NotReady::Unreachable(_))), "{ready:?}");
        drop(database);
        place.execute(&format!("DROP DATABASE {name} (FORCE)"));
    }
}

#[tokio::test]
async fn a_role_that_may_not_create_tables_is_told_what_to_grant() {
    let place = testpg::database().unwrap();
    let role = Role::create(&place, "");
    place
        .run(&format!(
            "REVOKE CREATE ON SCHEMA public FROM {}, PUBLIC",
            role.name()
        ))
        .unwrap();
    let database = Database::open(options(role.url())).unwrap();
    let told = format!("GRANT CREATE ON SCHEMA public TO {}", role.name());
    let error = database.migrate().await.unwrap_err();
    assert!(in_full(&error).contains(&told), "{}", in_full(&error));
    let error = database.may_migrate().await.unwrap_err();
    assert!(in_full(&error).contains(&told), "{}", in_full(&error));

    // Where somebody else has migrated, it needs no such right.
    let owners = Database::open(options(place.url())).unwrap();
    owners.migrate().await.unwrap();
    assert!(
        place
            .run(&format!(
                "GRANT ALL ON ALL TABLES IN SCHEMA public TO {}",
                role.name()
            ))
            .is_ok()
    );
    assert_eq!(database.migrate().await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn a_rehearsal_names_the_privileges_that_are_missing() {
    let store = crate::store::postgres().await;
    let Place::Postgres(place) = &store.place else {
        panic!("not on PostgreSQL");
    };
    let role = Role::create(place, "");
    let name = role.name();
    let database = Database::open(options(role.url())).unwrap();
    for (grant, missing) in [
        ("SELECT ON ALL TABLES IN SCHEMA public", "INSERT"),
        ("INSERT, UPDATE ON ALL TABLES IN SCHEMA public", "DELETE"),
    ] {
        store.place.execute(&format!("GRANT {grant} TO {name}"));
        let error = database.rehearse().await.unwrap_err();
        let told = in_full(&error);
        assert!(
            told.contains(missing) && told.contains("sessions"),
            "{told}"
        );
    }
    let all = format!("GRANT ALL ON ALL TABLES IN SCHEMA public TO {name}");
    store.place.execute(&all);
    database.rehearse().await.unwrap();
    database.readiness().probe().await.unwrap();
    for table in ["sessions", "identities", "users"] {
        let revoke = format!("REVOKE INSERT ON {table} FROM {name}");
        store.place.execute(&revoke);
        let refused = eventually(async || match database.readiness().probe().await {
            Ok(()) => Err("still ready"),
            Err(error) => Ok(error),
        });
        let refused = refused.await;
        assert!(matches!(refused, NotReady::CannotWrite(_)), "{refused:?}");
        store.place.execute(&all);
        eventually(async || database.readiness().probe().await).await;
    }
    store
        .place
        .execute(&format!("REVOKE INSERT ON audit_log FROM {name}"));
    let told = in_full(&database.rehearse().await.unwrap_err());
    assert!(told.contains("INSERT on audit_log"), "{told}");
    let counted = store.place.texts("SELECT count(*)::text AS t FROM users");
    assert_eq!(counted, ["0"], "a rehearsal leaves nothing");
    drop(database);
    role.drop(&store.place);
}

#[tokio::test]
async fn a_rehearsal_on_sqlite_leaves_nothing() {
    let store = crate::store::sqlite().await;
    store.database.rehearse().await.unwrap();
    store.database.may_migrate().await.unwrap();
    assert!(store.database.examine().await.unwrap().is_empty());
    let counted = store
        .place
        .texts("SELECT CAST(count(*) AS TEXT) AS t FROM users");
    assert_eq!(counted, ["0"]);
}

#[tokio::test]
async fn a_pooler_that_mixes_up_statements_is_recognised_and_one_of_sessions_works() {
    let place = testpg::database().unwrap();
    let sessions = Pooler::start(&place, "session").unwrap();
    let url = sessions.url();
    let database = Database::open(DatabaseOptions {
        pool_size: 2,
        ..options(url)
    })
    .unwrap();
    assert_eq!(database.examine().await.unwrap(), []);
    database.migrate().await.unwrap();
    account(
        database
            .users()
            .record_visit(Guest::new("wx01", "o1").visit(0))
            .await,
    );
    drop(database);

    let transactions = Pooler::start(&place, "transaction").unwrap();
    let database = Database::open(options(transactions.url())).unwrap();
    let found = database.examine().await.unwrap();
    assert!(
        matches!(found.as_slice(), [Finding::Unfit(text)] if text.contains("max_prepared_statements")),
        "{found:?}"
    );
}

#[tokio::test]
async fn the_level_of_isolation_is_ours_and_not_the_roles() {
    let place = testpg::database().unwrap();
    let role = Role::create(&place, "");
    let name = role.name();
    place
        .run(&format!(
            "ALTER ROLE {name} SET default_transaction_isolation = 'serializable'; \
             ALTER ROLE {name} SET synchronous_commit = off"
        ))
        .unwrap();
    let database = Database::open(options(role.url())).unwrap();
    database.migrate().await.unwrap();
    place
        .run(
            "CREATE TABLE seen (level text); \
             CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN \
                 INSERT INTO seen VALUES (current_setting('transaction_isolation')); \
                 RETURN NULL; END $$; \
             CREATE TRIGGER see AFTER INSERT ON sessions FOR EACH ROW EXECUTE FUNCTION see()",
        )
        .unwrap();
    account(
        database
            .users()
            .record_visit(Guest::new("wx01", "o1").visit(0))
            .await,
    );
    let seen = Place::Postgres(place).texts("SELECT level AS t FROM seen");
    assert_eq!(seen, ["read committed"]);
}

#[tokio::test]
async fn who_waits_for_the_lock_of_a_migration_goes_on_when_it_is_free() {
    let place = Place::Postgres(testpg::database().unwrap());
    let lock = place.hold("SELECT pg_advisory_xact_lock(x'77786c6f67696e'::bigint)");
    let database = Database::open(options(place.url())).unwrap();
    let mut migrating = Box::pin(database.migrate());
    let waited = tokio::time::timeout(Duration::from_millis(1200), &mut migrating).await;
    assert!(waited.is_err(), "the lock is held: {waited:?}");
    drop(lock);
    let began = Instant::now();
    assert!(!migrating.await.unwrap().is_empty());
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn readiness_knows_when_nothing_can_be_written() {
    let server = Server::start_private().unwrap();
    let place = server.database().unwrap();
    let database = Database::open(options(place.url())).unwrap();
    database.migrate().await.unwrap();
    database.readiness().probe().await.unwrap();
    let place = Place::Postgres(place);
    place.execute("ALTER SYSTEM SET default_transaction_read_only = on");
    place.execute("SELECT pg_reload_conf()");
    let refused = eventually(async || match database.readiness().probe().await {
        Ok(()) => Err("still ready"),
        Err(error) => Ok(error),
    });
    let refused = refused.await;
    assert!(matches!(refused, NotReady::CannotWrite(_)), "{refused:?}");
}

#[tokio::test]
async fn readiness_knows_when_a_sqlite_file_is_held_by_another() {
    let store = crate::store::sqlite().await;
    let database = Database::open(DatabaseOptions {
        acquire_timeout: Duration::from_millis(200),
        ..options(store.place.url())
    })
    .unwrap();
    database.readiness().probe().await.unwrap();
    let lock = store.place.lock();
    let fresh = database.readiness();
    let ready = fresh.probe().await;
    assert!(matches!(ready, Err(NotReady::CannotWrite(_))), "{ready:?}");
    drop(lock);
    fresh.probe().await.unwrap();
}

#[tokio::test]
async fn a_chinese_server_has_its_deadlocks_repeated_and_its_timeouts_told() {
    let server = Server::start_chinese().unwrap();
    let place = server.database().unwrap();
    let role = Role::create(&place, "");
    let database = Database::open(DatabaseOptions {
        timeout: Duration::from_secs(4),
        ..options(role.url())
    })
    .unwrap();
    let found = database.examine().await.unwrap();
    let told = format!("ALTER ROLE {} SET lc_messages = 'C'", role.name());
    assert!(
        matches!(found.as_slice(), [Finding::Warning(text)] if text.contains(&told)),
        "{found:?}"
    );
    database.migrate().await.unwrap();
    let users = database.users();
    let guest = Guest::new("wx01", "o1");
    account(users.record_visit(guest.visit(0)).await);

    // A lock that is not given in time is no bug of ours.
    let place = Place::Postgres(place);
    let lock = place.hold("LOCK TABLE sessions IN EXCLUSIVE MODE");
    let refused = users.record_visit(guest.visit(1)).await;
    assert!(
        matches!(refused, Err(RepositoryError::Unavailable(_))),
        "{refused:?}"
    );
    drop(lock);

    // A deadlock is repeated.
    let mut other = place.hold("SET LOCAL deadlock_timeout = '10s'; LOCK TABLE sessions");
    let visit = tokio::spawn({
        let (users, visit) = (users.clone(), guest.visit(2));
        async move { users.record_visit(visit).await }
    });
    let other = tokio::task::spawn_blocking(move || {
        other.until_somebody_waits();
        other.execute("LOCK TABLE identities");
    });
    other.await.unwrap();
    account(visit.await.unwrap());
    let deadlocks = "SELECT deadlocks::text AS t FROM pg_stat_database \
        WHERE datname = current_database()";
    eventually(async || match place.texts(deadlocks).remove(0).as_str() {
        "0" => Err("there was no deadlock"),
        _ => Ok(()),
    })
    .await;

    // As the role that the advice has been followed for, or a superuser, there is nothing to say.
    let superuser = Database::open(options(place.url())).unwrap();
    assert_eq!(superuser.examine().await.unwrap(), []);
    drop(superuser);
    place.execute(&format!("ALTER ROLE {} SET lc_messages = 'C'", role.name()));
    let fresh = Database::open(options(role.url())).unwrap();
    assert_eq!(fresh.examine().await.unwrap(), []);
}
