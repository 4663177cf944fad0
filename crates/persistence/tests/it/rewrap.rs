//! Changing the master key while the service goes on.

use std::sync::Arc;
use std::time::Duration;

use domain::audit::AuditAction;
use domain::ports::{
    AccountRepository, NotReady, ReadinessProbe, RepositoryError, SigningAlgorithm,
    SigningKeyRepository, SigningSecret, StoredWechatToken, UserRepository, WechatTokenRepository,
};
use domain::secret::WechatToken;
use domain::testing::repository_contract::{Guest, entry};
use domain::time::Timestamp;
use futures_util::future::join_all;
use persistence::{Database, DatabaseOptions, GivenUp, MasterKeys};
use secrecy::SecretString;
use tokio::sync::Notify;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::store::{Place, Store, account};

const TOKEN: &str = "76_access_token_of_wechat";

/// The store's database, opened with these master keys (of one byte each).
pub(crate) fn opened_with(store: &Store, keys: &[u8]) -> Database {
    let mut keys = keys.iter().map(|byte| Zeroizing::new([*byte; 32]));
    let keys = MasterKeys::new(keys.next().unwrap(), keys.collect());
    let url = SecretString::from(store.place.url());
    Database::open(DatabaseOptions::new(url, keys)).unwrap()
}

fn guest(number: u32) -> Guest {
    Guest::new(&format!("wx0{}", number % 2), &format!("o{}", number / 2))
}

async fn log_in(database: &Database, guests: std::ops::Range<u32>, second: i64) {
    let users = database.users();
    let visits = guests.map(|number| users.record_visit(guest(number).visit(second)));
    for outcome in join_all(visits).await {
        account(outcome);
    }
}

fn key(byte: u8) -> SigningSecret {
    SigningSecret {
        id: Uuid::now_v7(),
        algorithm: SigningAlgorithm::EdDsa,
        seed: Zeroizing::new([byte; 32]),
        private_key: Zeroizing::default(),
    }
}

/// Stores a secret of every kind; 500 identities.
async fn fill(database: &Database) {
    log_in(database, 0..500, 0).await;
    database.signing_keys().store_first(key(9)).await.unwrap();
    let token = StoredWechatToken {
        token: WechatToken::new(TOKEN),
        expires_at: Timestamp::UNIX_EPOCH,
    };
    database.wechat_tokens().save("wx01", &token).await.unwrap();
}

/// How many session_keys of an identity open.
async fn open_keys(database: &Database, number: u32) -> Result<usize, RepositoryError> {
    let (accounts, guest) = (database.accounts(), guest(number));
    let keys = accounts.session_keys(guest.app_id(), guest.open_id());
    Ok(keys.await?.len())
}

async fn a_rewrap_while_logins_go_on_reaches_every_secret(store: &Store) {
    fill(&opened_with(store, &[1])).await;
    let both = opened_with(store, &[2, 1]);
    let logins = async {
        for second in 1..5 {
            log_in(&both, 0..500, second).await;
        }
    };
    let (rewrapped, ()) = tokio::join!(both.rewrap(|_| ()), logins);
    let rewrapped = rewrapped.unwrap();
    assert_eq!((rewrapped.rows, rewrapped.lost), (503, 0));
    let again = both.rewrap(|_| ()).await.unwrap();
    assert_eq!((again.rows, again.rewrapped, again.lost), (503, 0, 0));

    let new = opened_with(store, &[2]);
    for number in 0..500 {
        assert_eq!(open_keys(&new, number).await.unwrap(), 3, "{number}");
    }
    let keys = new.signing_keys().all().await.unwrap();
    assert_eq!(keys[0].secret.seed, Zeroizing::new([9; 32]));
    let token = new.wechat_tokens().load("wx01").await.unwrap().unwrap();
    assert_eq!(token.token.expose(), TOKEN);
}

async fn a_rewrap_that_was_interrupted_is_finished_by_the_next(store: &Store) {
    fill(&opened_with(store, &[1])).await;
    let both = opened_with(store, &[2, 1]);
    let a_batch_is_done = Arc::new(Notify::new());
    let first = tokio::spawn({
        let (both, done) = (both.clone(), Arc::clone(&a_batch_is_done));
        async move {
            both.rewrap(|sums| {
                if sums.rows > 2 {
                    done.notify_one();
                }
            })
            .await
        }
    });
    a_batch_is_done.notified().await;
    first.abort();
    let _ = first.await;

    let rest = both.rewrap(|_| ()).await.unwrap();
    assert!(rest.rewrapped < 502, "{rest:?}");
    let new = opened_with(store, &[2]);
    for number in 0..500 {
        assert_eq!(open_keys(&new, number).await.unwrap(), 1, "{number}");
    }
}

async fn what_does_not_open_is_counted_and_left_alone(store: &Store) {
    let old = opened_with(store, &[1]);
    fill(&old).await;
    store.place.execute(match store.place {
        Place::Sqlite(_) => {
            "UPDATE identities SET session_keys = CAST(session_keys || X'0001FF' AS BLOB) \
             WHERE app_id = 'wx01'"
        }
        Place::Postgres(_) => {
            "UPDATE identities SET session_keys = session_keys || '\\x0001FF' WHERE app_id = 'wx01'"
        }
    });
    let both = opened_with(store, &[2, 1]);
    let sums = both.rewrap(|_| ()).await.unwrap();
    assert_eq!((sums.rows, sums.rewrapped, sums.lost), (503, 503, 250));
    assert_eq!(open_keys(&opened_with(store, &[2]), 1).await.unwrap(), 1);
}

async fn wrong_master_keys_are_refused_before_anything_is_sealed(store: &Store) {
    let right = opened_with(store, &[1]);
    fill(&right).await;
    let wrong = opened_with(store, &[3]);
    let refused = |error| {
        assert!(
            matches!(error, RepositoryError::WrongMasterKey),
            "{error:?}"
        );
    };
    refused(wrong.signing_keys().all().await.unwrap_err());
    refused(wrong.signing_keys().store_first(key(8)).await.unwrap_err());
    refused(wrong.rewrap(|_| ()).await.unwrap_err());
    let probe = wrong.readiness().probe().await;
    assert!(matches!(probe, Err(NotReady::WrongMasterKey)), "{probe:?}");
    // From then on nothing is sealed or opened with them.
    refused(open_keys(&wrong, 0).await.unwrap_err());
    refused(
        wrong
            .users()
            .record_visit(guest(0).visit(9))
            .await
            .unwrap_err(),
    );
    assert_eq!(open_keys(&right, 0).await.unwrap(), 1);
    assert_eq!(right.signing_keys().all().await.unwrap().len(), 1);
    // A list is right if any of its keys is.
    let both = opened_with(store, &[3, 1]);
    assert_eq!(both.signing_keys().all().await.unwrap().len(), 1);
    both.readiness().probe().await.unwrap();
}

async fn a_database_from_before_the_check_takes_only_the_keys_that_open_it(store: &Store) {
    fill(&opened_with(store, &[1])).await;
    for without in ["DELETE FROM stored_keys", "DELETE FROM signing_keys"] {
        store.place.execute("DELETE FROM stored_keys");
        store.place.execute(without);
        for _ in 0..2 {
            let wrong = opened_with(store, &[3]).signing_keys().all().await;
            assert!(matches!(wrong, Err(RepositoryError::WrongMasterKey)));
            let wrong = opened_with(store, &[3]).readiness().probe().await;
            assert!(matches!(wrong, Err(NotReady::WrongMasterKey)));
        }
        opened_with(store, &[1]).signing_keys().all().await.unwrap();
    }
}

async fn of_replicas_that_start_with_different_keys_one_wins(store: &Store) {
    let replicas: Vec<_> = (1..=6).map(|byte| opened_with(store, &[byte])).collect();
    let starts = replicas
        .iter()
        .map(|replica| async { replica.signing_keys().store_first(key(9)).await.is_ok() });
    let won = join_all(starts).await;
    assert_eq!(won.iter().filter(|won| **won).count(), 1, "{won:?}");
    for (replica, won) in replicas.iter().zip(won) {
        assert_eq!(replica.signing_keys().all().await.is_ok(), won);
    }
}

async fn a_bad_row_hides_no_other_secret(store: &Store) {
    let database = opened_with(store, &[1]);
    fill(&database).await;
    let keys = database.signing_keys();
    let bad = key(8);
    let day = Duration::from_hours(24);
    keys.rotate(bad.clone(), day, entry(AuditAction::RotateKeys, None))
        .await
        .unwrap();
    let id = bad.id.simple();
    store.place.execute(&match store.place {
        Place::Sqlite(_) => format!("UPDATE signing_keys SET seed = X'00' WHERE id = X'{id}'"),
        Place::Postgres(_) => format!("UPDATE signing_keys SET seed = '\\x00' WHERE id = '{id}'"),
    });
    let left = keys.all().await.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].secret.seed, Zeroizing::new([9; 32]));
}

async fn after_the_loss_of_the_master_key_the_service_goes_on_with_another(store: &Store) {
    fill(&opened_with(store, &[1])).await;
    let new = opened_with(store, &[3]);
    let audit = entry(AuditAction::ResetKeys, None);
    let given_up = new.give_up_what_is_lost(audit.clone()).await.unwrap();
    let expected = GivenUp {
        signing_keys: 1,
        wechat_tokens: 1,
        identity_hash_key: true,
    };
    assert_eq!(given_up, expected);
    let again = new.give_up_what_is_lost(audit).await.unwrap();
    assert_eq!(again, GivenUp::default());
    new.readiness().probe().await.unwrap();
    assert!(new.wechat_tokens().load("wx01").await.unwrap().is_none());
    new.signing_keys().store_first(key(8)).await.unwrap();
    assert_eq!(open_keys(&new, 0).await.unwrap(), 0);
    log_in(&new, 0..2, 60).await;
    assert_eq!(open_keys(&new, 0).await.unwrap(), 1);
    let old = opened_with(store, &[1]).signing_keys().all().await;
    assert!(matches!(old, Err(RepositoryError::WrongMasterKey)));
}

async fn what_is_not_lost_is_not_given_up(store: &Store) {
    let database = opened_with(store, &[1]);
    fill(&database).await;
    let given_up = database.give_up_what_is_lost(entry(AuditAction::ResetKeys, None));
    assert_eq!(given_up.await.unwrap(), GivenUp::default());
    assert_eq!(database.signing_keys().all().await.unwrap().len(), 1);
}

async fn a_key_that_was_in_use_lately_is_not_forgotten(store: &Store) {
    let keys = store.database.signing_keys();
    let (first, second) = (key(1), key(2));
    let day = Duration::from_hours(24);
    keys.store_first(first.clone()).await.unwrap();
    keys.rotate(second, day, entry(AuditAction::RotateKeys, None))
        .await
        .unwrap();
    store.place.execute(match store.place {
        Place::Sqlite(_) => "UPDATE signing_keys SET used_at = used_at - 90000000000",
        Place::Postgres(_) => "UPDATE signing_keys SET used_at = used_at - interval '25 hours'",
    });
    // The older one still signs on a replica of other settings.
    keys.note_use(first.id).await.unwrap();
    keys.rotate(key(3), day, entry(AuditAction::RotateKeys, None))
        .await
        .unwrap();
    let left = keys.all().await.unwrap();
    let left: Vec<u8> = left.iter().map(|key| key.secret.seed[0]).collect();
    assert_eq!(left, [3, 1]);
}

/// Makes a test of each on both databases.
macro_rules! on_both {
    ($($rule:ident,)+) => {
        mod on_sqlite {
            $(#[tokio::test]
            async fn $rule() {
                super::$rule(&crate::store::sqlite().await).await;
            })+
        }

        mod on_postgres {
            $(#[tokio::test]
            async fn $rule() {
                super::$rule(&crate::store::postgres().await).await;
            })+
        }
    };
}

on_both! {
    a_rewrap_while_logins_go_on_reaches_every_secret,
    a_rewrap_that_was_interrupted_is_finished_by_the_next,
    what_does_not_open_is_counted_and_left_alone,
    wrong_master_keys_are_refused_before_anything_is_sealed,
    a_database_from_before_the_check_takes_only_the_keys_that_open_it,
    of_replicas_that_start_with_different_keys_one_wins,
    a_bad_row_hides_no_other_secret,
    after_the_loss_of_the_master_key_the_service_goes_on_with_another,
    what_is_not_lost_is_not_given_up,
    a_key_that_was_in_use_lately_is_not_forgotten,
}
