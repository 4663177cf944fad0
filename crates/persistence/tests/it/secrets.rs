//! What the database, or an error, must not give away.

use domain::ports::{AccountRepository, RepositoryError, UserRepository};
use domain::secret::SessionKey;
use domain::testing::repository_contract::{Guest, StoreUnderTest};
use persistence::{Database, DatabaseOptions, MasterKeys};
use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::store::{Place, Store, account, options};

const KEY: &str = "tiihtNczf5v6AKRyjwEUhQ==";

async fn stores() -> [Store; 2] {
    [crate::store::sqlite().await, crate::store::postgres().await]
}

async fn visit_with_key(store: &Store, guest: &Guest, second: i64, key: &str) {
    let mut visit = guest.visit(second);
    visit.session_key = Some(SessionKey::new(key));
    account(store.database.users().record_visit(visit).await);
}

/// Everything the table of identities holds, byte by byte.
fn dump(place: &Place) -> Vec<u8> {
    match place {
        Place::Sqlite(folder) => std::fs::read_dir(folder.path())
            .unwrap()
            .flat_map(|file| std::fs::read(file.unwrap().path()).unwrap())
            .collect(),
        Place::Postgres(_) => place
            .texts("SELECT encode(session_keys, 'escape') || identities::text AS t FROM identities")
            .concat()
            .into_bytes(),
    }
}

#[tokio::test]
async fn the_database_holds_no_session_key_that_can_be_read() {
    for store in stores().await {
        let guest = Guest::new("wx01", "oGZUI0egBJY1zhBYw2KhdUfwVJJE");
        visit_with_key(&store, &guest, 0, KEY).await;
        let dump = dump(&store.place);
        let holds = |text: &str| {
            dump.windows(text.len())
                .any(|window| window == text.as_bytes())
        };
        assert!(holds("oGZUI0egBJY1zhBYw2KhdUfwVJJE"), "this is no dump");
        assert!(!holds(KEY) && !holds(&KEY[..12]));
    }
}

#[tokio::test]
async fn a_sealed_key_that_was_moved_to_another_identity_does_not_open() {
    for store in stores().await {
        let (one, other) = (Guest::new("wx01", "o1"), Guest::new("wx01", "o2"));
        visit_with_key(&store, &one, 0, KEY).await;
        visit_with_key(&store, &other, 0, "another").await;
        store.place.execute(
            "UPDATE identities SET session_keys = \
             (SELECT session_keys FROM identities WHERE open_id = 'o1') WHERE open_id = 'o2'",
        );
        let accounts = store.database.accounts();
        let moved = accounts.session_keys(other.app_id(), other.open_id()).await;
        assert!(moved.unwrap().is_empty());
        assert_eq!(
            store.session_keys(one.app_id(), one.open_id()).await.len(),
            1
        );
    }
}

#[tokio::test]
async fn a_changed_sealed_key_does_not_open_and_the_next_login_still_works() {
    for store in stores().await {
        let guest = Guest::new("wx01", "o1");
        visit_with_key(&store, &guest, 0, KEY).await;
        store.place.execute(match store.place {
            Place::Sqlite(_) => {
                "UPDATE identities SET session_keys = \
                 CAST(substr(session_keys, 1, 40) || X'00' || substr(session_keys, 42) AS BLOB)"
            }
            Place::Postgres(_) => {
                "UPDATE identities SET session_keys = \
                 set_byte(session_keys, 40, 255 - get_byte(session_keys, 40))"
            }
        });
        let accounts = store.database.accounts();
        let changed = accounts.session_keys(guest.app_id(), guest.open_id()).await;
        assert!(changed.unwrap().is_empty());
        visit_with_key(&store, &guest, 60, KEY).await;
        let keys = accounts.session_keys(guest.app_id(), guest.open_id()).await;
        assert_eq!(keys.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_new_master_key_opens_what_the_old_one_sealed() {
    for store in stores().await {
        let guest = Guest::new("wx01", "o1");
        visit_with_key(&store, &guest, 0, KEY).await;
        let open = |keys: &[u8]| {
            let mut keys = keys.iter().map(|byte| Zeroizing::new([*byte; 32]));
            let master_keys = MasterKeys::new(keys.next().unwrap(), keys.collect());
            let url = SecretString::from(store.place.url());
            Database::open(DatabaseOptions::new(url, master_keys)).unwrap()
        };
        let rotated = open(&[8, 7]);
        let kept = rotated
            .accounts()
            .session_keys(guest.app_id(), guest.open_id())
            .await;
        assert_eq!(kept.unwrap()[0].expose(), KEY);
        account(rotated.users().record_visit(guest.visit(60)).await);

        let without_old = open(&[8]);
        let kept = without_old
            .accounts()
            .session_keys(guest.app_id(), guest.open_id())
            .await;
        // The second login's key is sealed under the new one; the first's is skipped.
        assert_eq!(kept.unwrap().len(), 1);
        // Taken out before everything was sealed anew, the old key is missed, and nothing is stored.
        let refused = without_old.users().record_visit(guest.visit(120)).await;
        assert!(
            matches!(refused, Err(RepositoryError::WrongMasterKey)),
            "{refused:?}"
        );
    }
}

/// An error and all its sources, in both ways of showing.
fn shown(error: &RepositoryError) -> String {
    let mut text = format!("{error} {error:?}");
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        text = format!("{text} {error} {error:?}");
        source = error.source();
    }
    text
}

#[tokio::test]
async fn an_error_shows_nothing_of_the_row_that_caused_it() {
    for store in stores().await {
        let guest = Guest::new("wx01", "o-very-private");
        let first = guest.visit_as(0, "Private Name");
        account(store.database.users().record_visit(first.clone()).await);
        let mut second = Guest::new("wx01", "o-also-private").visit_as(1, "Private Name");
        second.session.id = first.session.id;
        let error = store
            .database
            .users()
            .record_visit(second)
            .await
            .unwrap_err();
        let text = shown(&error);
        assert!(text.contains("sessions"), "{text}");
        let id = first.session.id.to_string();
        for secret in ["rivate", id.as_str(), "Key (", "DETAIL"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}

#[tokio::test]
async fn an_error_of_the_connection_does_not_show_the_password() {
    let options = DatabaseOptions {
        acquire_timeout: std::time::Duration::from_millis(200),
        ..options("postgres://user:very%20secret@127.0.0.1:1/x".to_owned())
    };
    let database = Database::open(options).unwrap();
    let error = database
        .users()
        .record_visit(Guest::new("wx01", "o1").visit(0))
        .await;
    let text = shown(&error.unwrap_err());
    assert!(!text.contains("secret"), "{text}");
    let error = database.migrate().await.unwrap_err();
    assert!(
        !format!("{error} {error:?}").contains("secret"),
        "{error:?}"
    );
    assert!(!format!("{database:?}").contains("secret"));
}

#[cfg(unix)]
#[tokio::test]
async fn the_files_of_sqlite_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/new/folder/test.db", folder.path().display());
    let database = Database::open(options(url)).unwrap();
    database.migrate().await.unwrap();
    let files = std::fs::read_dir(folder.path().join("new/folder")).unwrap();
    let modes: Vec<_> = files
        .map(|file| file.unwrap().metadata().unwrap().permissions().mode() & 0o777)
        .collect();
    assert!(
        !modes.is_empty() && modes.iter().all(|mode| *mode == 0o600),
        "{modes:?}"
    );
}
