//! Changing the master key while the service goes on.

use std::sync::Arc;

use domain::ports::{
    AccountRepository, RepositoryError, SigningKeyRepository, StoredSigningKey, StoredWechatToken,
    UserRepository, WechatTokenRepository,
};
use domain::secret::WechatToken;
use domain::testing::repository_contract::Guest;
use domain::time::Timestamp;
use futures_util::future::join_all;
use persistence::{Database, DatabaseOptions, MasterKeys};
use secrecy::SecretString;
use tokio::sync::Notify;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::store::{Store, account};

const TOKEN: &str = "76_access_token_of_wechat";

/// The store's database, opened with these master keys (of one byte each).
fn opened_with(store: &Store, keys: &[u8]) -> Database {
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

/// Stores a secret of every kind; 500 identities.
async fn fill(database: &Database) {
    log_in(database, 0..500, 0).await;
    let key = StoredSigningKey {
        id: Uuid::now_v7(),
        seed: Zeroizing::new([9; 32]),
        created_at: Timestamp::UNIX_EPOCH,
    };
    database.signing_keys().store_first(key).await.unwrap();
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
    assert_eq!((rewrapped.rows, rewrapped.lost), (502, 0));
    let again = both.rewrap(|_| ()).await.unwrap();
    assert_eq!((again.rows, again.rewrapped, again.lost), (502, 0, 0));

    let new = opened_with(store, &[2]);
    for number in 0..500 {
        assert_eq!(open_keys(&new, number).await.unwrap(), 3, "{number}");
    }
    let keys = new.signing_keys().all().await.unwrap();
    assert_eq!(keys[0].seed, Zeroizing::new([9; 32]));
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
    let wrong = opened_with(store, &[3]);
    let sums = wrong.rewrap(|_| ()).await.unwrap();
    assert_eq!((sums.rows, sums.rewrapped, sums.lost), (502, 0, 502));
    assert!(wrong.signing_keys().all().await.is_err());
    assert!(wrong.wechat_tokens().load("wx01").await.is_err());
    assert!(open_keys(&wrong, 0).await.is_err());
    assert_eq!(open_keys(&old, 0).await.unwrap(), 1);
    assert_eq!(old.signing_keys().all().await.unwrap().len(), 1);
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
}
