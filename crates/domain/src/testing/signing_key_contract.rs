//! Contract suite: what every store of signing keys does. A rule is given two replicas of an empty store.

use futures_util::future::join_all;
use secrecy::zeroize::Zeroizing;
use uuid::Uuid;

use super::repository_contract::entry;
use crate::audit::AuditAction;
use crate::ports::{SigningAlgorithm, SigningKeyRepository, SigningSecret};
use crate::time::Duration;

type Replicas<'a> = [&'a dyn SigningKeyRepository; 2];

fn key(byte: u8) -> SigningSecret {
    SigningSecret {
        id: Uuid::now_v7(),
        algorithm: SigningAlgorithm::EdDsa,
        seed: Zeroizing::new([byte; 32]),
        private_key: Zeroizing::default(),
    }
}

async fn seeds(keys: &dyn SigningKeyRepository) -> Vec<u8> {
    let keys = keys.all().await.unwrap();
    keys.iter().map(|key| key.secret.seed[0]).collect()
}

pub async fn of_first_signing_keys_at_once_one_is_stored([here, there]: Replicas<'_>) {
    let stores = [here, there].into_iter().cycle().zip(0..10);
    for stored in join_all(stores.map(|(keys, number)| keys.store_first(key(number)))).await {
        stored.unwrap();
    }
    let first = seeds(here).await;
    assert_eq!(first.len(), 1);
    assert_eq!(seeds(there).await, first);
    there.store_first(key(99)).await.unwrap();
    assert_eq!(seeds(here).await, first);
}

pub async fn a_signing_key_out_of_use_is_forgotten_when_its_tokens_are_dead(
    [keys, _]: Replicas<'_>,
) {
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
        assert_eq!(seeds(keys).await, expected);
    }
    let stored = keys.all().await.unwrap();
    assert!(stored.iter().all(|key| key.age < hour), "{stored:?}");
    keys.note_use(stored[1].secret.id).await.unwrap();
    assert_eq!(seeds(keys).await, [5, 4]);
}

pub async fn a_first_signing_key_of_each_algorithm_is_stored_as_it_is([keys, _]: Replicas<'_>) {
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
