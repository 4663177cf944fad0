//! The contract of the repositories, on both databases.

use domain::ports::SigningKeyRepository;
use domain::testing::signing_key_contract as signing_keys;
use persistence::Database;

use crate::store::{options, postgres, sqlite};

mod on_sqlite {
    domain::repository_contract!(crate::store::sqlite);
}

mod on_postgres {
    domain::repository_contract!(crate::store::postgres);
}

async fn with_replicas(rule: impl AsyncFn([&dyn SigningKeyRepository; 2])) {
    for store in [sqlite().await, postgres().await] {
        let replica = Database::open(options(store.place.url())).unwrap();
        let (here, there) = (store.database.signing_keys(), replica.signing_keys());
        rule([&here, &there]).await;
    }
}

#[tokio::test]
async fn of_first_signing_keys_at_once_one_is_stored() {
    with_replicas(signing_keys::of_first_signing_keys_at_once_one_is_stored).await;
}

#[tokio::test]
async fn a_signing_key_out_of_use_is_forgotten_when_its_tokens_are_dead() {
    with_replicas(signing_keys::a_signing_key_out_of_use_is_forgotten_when_its_tokens_are_dead)
        .await;
}

#[tokio::test]
async fn a_first_signing_key_of_each_algorithm_is_stored_as_it_is() {
    with_replicas(signing_keys::a_first_signing_key_of_each_algorithm_is_stored_as_it_is).await;
}
