//! Bringing a database to the newest schema.

use domain::ports::{
    NotReady, ReadinessProbe, SigningAlgorithm, SigningKeyRepository, SigningSecret,
};
use persistence::Database;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::store::{Place, options};

fn empty_places() -> Vec<Place> {
    vec![
        Place::Sqlite(tempfile::tempdir().unwrap()),
        Place::Postgres(testpg::database().unwrap()),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_replicas_may_migrate_at_once() {
    for place in (0..5).flat_map(|_| empty_places()) {
        let open = || Database::open(options(place.url())).unwrap();
        let (one, other) = (open(), open());
        let (one, other) = tokio::join!(one.migrate(), other.migrate());
        let mut run = [one.unwrap(), other.unwrap()].concat();
        let all = run.len();
        run.dedup();
        assert_eq!(run.len(), all, "a migration ran twice");
        assert!(open().readiness().probe().await.is_ok());
    }
}

#[tokio::test]
async fn a_database_is_ready_once_it_is_migrated() {
    for place in empty_places() {
        let database = Database::open(options(place.url())).unwrap();
        let before = database.readiness().probe().await;
        assert!(
            matches!(before, Err(NotReady::SchemaOutdated)),
            "{before:?}"
        );
        let run = database.migrate().await.unwrap();
        assert!(!run.is_empty());
        assert!(database.readiness().probe().await.is_ok());
        assert!(database.migrate().await.unwrap().is_empty());

        let newest = run.iter().max().unwrap();
        place.execute(&format!(
            "DELETE FROM __diesel_schema_migrations WHERE version = '{newest}'"
        ));
        let outdated = database.readiness().probe().await;
        assert!(
            matches!(outdated, Err(NotReady::SchemaOutdated)),
            "{outdated:?}"
        );
    }
}

#[tokio::test]
async fn both_databases_have_the_same_tables_and_columns() {
    let [sqlite, postgres] = [crate::store::sqlite().await, crate::store::postgres().await];
    let columns = sqlite.place.texts(
        "SELECT m.name || '.' || c.name AS t FROM sqlite_master m, pragma_table_info(m.name) c \
         WHERE m.type = 'table' AND m.name NOT LIKE '\\_\\_%' ESCAPE '\\' \
         AND m.name NOT LIKE 'sqlite%' ORDER BY 1",
    );
    let expected = postgres.place.texts(
        "SELECT table_name || '.' || column_name AS t FROM information_schema.columns \
         WHERE table_schema = 'public' AND table_name NOT LIKE '\\_\\_%' \
         ORDER BY (table_name || '.' || column_name) COLLATE \"C\"",
    );
    // The feed of changes goes by transactions on PostgreSQL, and by ids on SQLite.
    let mut expected = expected;
    expected.retain(|column| column != "changes.xid");
    assert_eq!(columns, expected);
}

/// Takes a migration back and forgets that it ran.
fn take_back(place: &Place, name: &str) {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations");
    let folder = match place {
        Place::Sqlite(_) => "sqlite",
        Place::Postgres(_) => "postgres",
    };
    let script = std::fs::read_to_string(format!("{root}/{folder}/{name}/down.sql")).unwrap();
    let statements = script.split_inclusive(';');
    statements
        .filter(|statement| !statement.trim().is_empty())
        .for_each(|statement| place.execute(statement));
    let version: String = name.chars().filter(char::is_ascii_digit).collect();
    place.execute(&format!(
        "DELETE FROM __diesel_schema_migrations WHERE version = '{version}'"
    ));
}

#[tokio::test]
async fn signing_keys_from_before_the_upgrade_are_good_and_no_clock_holds_them_back() {
    for place in empty_places() {
        let database = Database::open(options(place.url())).unwrap();
        database.migrate().await.unwrap();
        let key = SigningSecret {
            id: Uuid::now_v7(),
            algorithm: SigningAlgorithm::EdDsa,
            seed: Zeroizing::new([9; 32]),
            private_key: Zeroizing::default(),
        };
        let keys = database.signing_keys();
        keys.store_first(key.clone()).await.unwrap();
        take_back(&place, "2026-11-28-003100_signing_key_algorithms");
        take_back(&place, "2026-11-28-003000_stored_keys");
        // It was made on a machine whose clock is 40 days ahead.
        place.execute(match place {
            Place::Sqlite(_) => "UPDATE signing_keys SET created_at = created_at + 3456000000000",
            Place::Postgres(_) => {
                "UPDATE signing_keys SET created_at = created_at + interval '40 days'"
            }
        });
        database.migrate().await.unwrap();
        place.execute(match place {
            Place::Sqlite(_) => "UPDATE signing_keys SET created_at = created_at - 60000000",
            Place::Postgres(_) => {
                "UPDATE signing_keys SET created_at = created_at - interval '60 s'"
            }
        });
        let stored = keys.all().await.unwrap();
        let [stored] = &stored[..] else {
            panic!("{stored:?}")
        };
        assert_eq!((stored.secret.id, &stored.secret.seed), (key.id, &key.seed));
        assert!((60..120).contains(&stored.age.as_secs()), "{stored:?}");
    }
}

#[tokio::test]
async fn every_migration_can_be_taken_back() {
    for (place, folder) in empty_places().into_iter().zip(["sqlite", "postgres"]) {
        let database = Database::open(options(place.url())).unwrap();
        database.migrate().await.unwrap();
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations/");
        let mut folders: Vec<_> = std::fs::read_dir(format!("{root}{folder}"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        folders.sort();
        for folder in folders.iter().rev() {
            let script = std::fs::read_to_string(folder.join("down.sql")).unwrap();
            place.run(&script);
        }
        place.execute("DELETE FROM __diesel_schema_migrations");
        assert!(!database.migrate().await.unwrap().is_empty());
    }
}
