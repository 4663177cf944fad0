//! Rules: the session_keys of an identity.

use super::{Guest, Store, account, at_once};

async fn visit_with_keys(store: &Store, guest: &Guest, keys: &[&str]) {
    for (second, key) in (0..).zip(keys) {
        store.admit(guest.visit_with_key(second, key)).await;
    }
}

pub async fn the_last_three_session_keys_are_kept_newest_first(store: &Store) {
    let guest = Guest::new("wx01", "o1");
    assert!(store.keys_of(&guest).await.is_empty());
    visit_with_keys(store, &guest, &["a", "b"]).await;
    assert_eq!(store.keys_of(&guest).await, ["b", "a"]);
    visit_with_keys(store, &guest, &["c", "d"]).await;
    assert_eq!(store.keys_of(&guest).await, ["d", "c", "b"]);

    let elsewhere = Guest::new("wx02", "o1");
    visit_with_keys(store, &elsewhere, &["x"]).await;
    assert_eq!(store.keys_of(&elsewhere).await, ["x"]);
    assert_eq!(store.keys_of(&guest).await, ["d", "c", "b"]);
}

pub async fn a_session_key_that_is_already_the_newest_is_not_kept_twice(store: &Store) {
    let guest = Guest::new("wx01", "o1");
    visit_with_keys(store, &guest, &["a", "b", "b"]).await;
    assert_eq!(store.keys_of(&guest).await, ["b", "a"]);
    visit_with_keys(store, &guest, &["a"]).await;
    assert_eq!(store.keys_of(&guest).await, ["a", "b", "a"]);
}

pub async fn session_keys_of_visits_at_once_are_all_kept(store: &Store) {
    let guest = Guest::new("wx01", "o1");
    let visits: Vec<_> = (0..3).map(|second| guest.visit(second)).collect();
    let keys = visits.iter().filter_map(|visit| visit.session_key.as_ref());
    let mut expected: Vec<_> = keys.map(|key| key.expose().to_owned()).collect();
    for outcome in at_once(store, visits).await {
        account(outcome);
    }
    let mut kept = store.keys_of(&guest).await;
    kept.sort();
    expected.sort();
    assert_eq!(kept, expected);
}

pub async fn a_visit_without_a_session_key_keeps_those_there_are(store: &Store) {
    let guest = Guest::new("wx01", "o1");
    // As by WeChat's gateway: without a code either.
    let visit = || {
        let mut visit = guest.visit(0);
        (visit.session_key, visit.session.sent) = (None, None);
        visit
    };
    store.admit(visit()).await;
    assert!(store.keys_of(&guest).await.is_empty());
    visit_with_keys(store, &guest, &["a"]).await;
    store.admit(visit()).await;
    assert_eq!(store.keys_of(&guest).await, ["a"]);
}
