//! Rules: what is only kept.

use futures_util::future::join_all;
use secrecy::zeroize::Zeroizing;
use uuid::Uuid;

use super::guest::at;
use super::{EVERYTHING, Store, entry};
use crate::account::Page;
use crate::audit::{AuditAction, AuditActor, AuditQuery};
use crate::id::UserId;
use crate::ports::{SigningAlgorithm, SigningSecret, StoredWechatToken};
use crate::secret::WechatToken;
use crate::time::Duration;

fn key(byte: u8) -> SigningSecret {
    SigningSecret {
        id: Uuid::now_v7(),
        algorithm: SigningAlgorithm::EdDsa,
        seed: Zeroizing::new([byte; 32]),
        private_key: Zeroizing::default(),
    }
}

async fn seeds(store: &Store) -> Vec<u8> {
    let keys = store.signing_keys().all().await.unwrap();
    keys.iter().map(|key| key.secret.seed[0]).collect()
}

pub async fn of_first_signing_keys_at_once_one_is_stored(store: &Store) {
    let replica = store.replica();
    let both = [store.signing_keys(), replica.signing_keys()];
    let stores = both.iter().cycle().zip(0..10);
    for stored in join_all(stores.map(|(keys, number)| keys.store_first(key(number)))).await {
        stored.unwrap();
    }
    let first = seeds(store).await;
    assert_eq!(first.len(), 1);
    assert_eq!(seeds(&*replica).await, first);
    replica.signing_keys().store_first(key(99)).await.unwrap();
    assert_eq!(seeds(store).await, first);
}

pub async fn a_signing_key_out_of_use_is_forgotten_when_its_tokens_are_dead(store: &Store) {
    let keys = store.signing_keys();
    keys.store_first(key(1)).await.unwrap();
    let hour = Duration::from_hours(1);
    for (byte, dead_after, expected) in [
        (2, hour, vec![2, 1]),
        (3, hour, vec![3, 2, 1]),
        (4, Duration::ZERO, vec![4]),
        (5, hour, vec![5, 4]),
    ] {
        let audit = entry(AuditAction::RotateKeys, None);
        keys.rotate(key(byte), dead_after, audit).await.unwrap();
        assert_eq!(seeds(store).await, expected);
    }
    let stored = keys.all().await.unwrap();
    assert!(stored.iter().all(|key| key.age < hour), "{stored:?}");
    keys.note_use(stored[1].secret.id).await.unwrap();
    assert_eq!(seeds(store).await, [5, 4]);
}

pub async fn a_first_signing_key_of_each_algorithm_is_stored_as_it_is(store: &Store) {
    let keys = store.signing_keys();
    for (byte, algorithm) in (1..).zip(SigningAlgorithm::ALL) {
        for byte in [byte, byte + 10] {
            let private_key = match algorithm {
                SigningAlgorithm::EdDsa => Vec::new(),
                SigningAlgorithm::Es256 => vec![byte; 138],
                SigningAlgorithm::Rs256 => vec![byte; 1219],
            };
            let key = SigningSecret {
                algorithm,
                private_key: Zeroizing::new(private_key),
                ..key(byte)
            };
            keys.store_first(key).await.unwrap();
        }
    }
    let stored = keys.all().await.unwrap();
    let told = stored.iter().map(|key| {
        let secret = &key.secret;
        (secret.algorithm, secret.seed[31], secret.private_key.len())
    });
    let expected = [
        (SigningAlgorithm::Rs256, 3, 1219),
        (SigningAlgorithm::Es256, 2, 138),
        (SigningAlgorithm::EdDsa, 1, 0),
    ];
    assert_eq!(told.collect::<Vec<_>>(), expected);
}

pub async fn a_wechat_token_replaces_the_one_before(store: &Store) {
    let (tokens, replica) = (store.wechat_tokens(), store.replica());
    assert!(tokens.load("wx01 stable").await.unwrap().is_none());
    let token = |text: &str, second| StoredWechatToken {
        token: WechatToken::new(text),
        expires_at: at(second),
    };
    let both = [store.wechat_tokens(), replica.wechat_tokens()];
    let saves = both.iter().cycle().zip(0..8);
    let saves = saves.map(async |(tokens, second)| {
        let token = token("早", second);
        tokens.save("wx01 stable", &token).await
    });
    for saved in join_all(saves).await {
        saved.unwrap();
    }
    tokens.save("wx01 stable", &token("new", 60)).await.unwrap();
    let other = token("other", 70);
    tokens.save("wx02 stable", &other).await.unwrap();
    for (key, text, second) in [("wx01 stable", "new", 60), ("wx02 stable", "other", 70)] {
        let kept = replica.wechat_tokens().load(key).await.unwrap().unwrap();
        assert_eq!(kept.token.expose(), text);
        assert_eq!(kept.expires_at, at(second));
    }
}

pub async fn audit_entries_are_found_newest_first(store: &Store) {
    let user = UserId::new(Uuid::now_v7());
    let mut entries = vec![
        entry(AuditAction::TakeWechatToken, None),
        entry(AuditAction::Withdraw, Some(user)),
        entry(AuditAction::Withdraw, Some(UserId::new(Uuid::now_v7()))),
        entry(AuditAction::EndSessions, Some(user)),
    ];
    entries[0].subject = Some(String::from("wx01"));
    entries[0].from = None;
    let actors = [AuditActor::User, AuditActor::Wechat, AuditActor::Operator];
    for (entry, actor) in entries.iter_mut().zip(actors) {
        entry.actor = actor;
    }
    for entry in &entries {
        store.audit().record(entry.clone()).await.unwrap();
    }
    entries.reverse();
    let of = |user_id, action| AuditQuery { user_id, action };
    let withdraw = Some(AuditAction::Withdraw);
    for (query, expected) in [
        (of(None, None), vec![0, 1, 2, 3]),
        (of(Some(user), None), vec![0, 2]),
        (of(None, withdraw), vec![1, 2]),
        (of(Some(user), withdraw), vec![2]),
        (of(None, Some(AuditAction::RotateKeys)), vec![]),
    ] {
        let expected = expected.into_iter().map(|at: usize| &entries[at]);
        let found = store.audit().search(&query, EVERYTHING).await.unwrap();
        assert!(found.iter().eq(expected), "{query:?} finds {found:?}");
    }
    let page = Page {
        after: Some(entries[1].id),
        limit: 1,
    };
    let found = store.audit().search(&of(None, None), page).await.unwrap();
    assert_eq!(found, entries[2..3]);
}
