//! Rules: finding sessions again.

use uuid::Uuid;

use super::guest::{at, code_hash, nonce_hash};
use super::{Guest, StoreUnderTest, admitted};
use crate::id::SessionId;
use crate::secret::SecretHash;
use crate::session::SessionAccount;
use crate::time::Timestamp;

async fn repeated(
    store: &dyn StoreUnderTest,
    code: SecretHash,
    nonce: SecretHash,
    since: Timestamp,
) -> Option<SessionAccount> {
    let found = store.sessions().find_repeated(code, nonce, since).await;
    found.unwrap()
}

pub async fn a_session_is_found_with_its_user_and_identity(store: &dyn StoreUnderTest) {
    let guest = Guest::member("wx01", "o1").with_union_id("u1");
    let account = admitted(store, guest.visit_as(0, "Band")).await;
    admitted(store, Guest::new("wx01", "o2").visit(0)).await;
    assert_eq!(store.session(account.session.id).await, Some(account));
}

pub async fn a_session_shows_what_its_user_became_later(store: &dyn StoreUnderTest) {
    let guest = Guest::member("wx01", "o1");
    let first = admitted(store, guest.visit_as(0, "Band")).await;
    let second = guest.clone().with_union_id("u1").visit_as(60, "Later");
    let second = admitted(store, second).await;
    let seen = store.session(first.session.id).await;
    let expected = SessionAccount {
        session: first.session,
        ..second
    };
    assert_eq!(seen, Some(expected));
}

pub async fn an_unknown_session_is_not_found(store: &dyn StoreUnderTest) {
    admitted(store, Guest::new("wx01", "o1").visit(0)).await;
    assert_eq!(store.session(SessionId::new(Uuid::now_v7())).await, None);
}

pub async fn an_expired_session_is_found_all_the_same(store: &dyn StoreUnderTest) {
    let mut visit = Guest::new("wx01", "o1").visit(0);
    visit.session.expires_at = at(-60);
    let account = admitted(store, visit).await;
    assert_eq!(store.session(account.session.id).await, Some(account));
}

pub async fn a_repeated_code_and_nonce_find_their_session(store: &dyn StoreUnderTest) {
    let guest = Guest::new("wx01", "o1");
    let (visit, code, nonce) = guest.visit_with_nonce(100);
    let account = admitted(store, visit).await;
    let plain = admitted(store, guest.visit(100)).await;
    assert_ne!(plain.session.id, account.session.id);

    let expected = Some(account.session.id);
    for (since, expected) in [(at(40), expected), (at(100), expected), (at(101), None)] {
        let seen = repeated(store, code, nonce, since).await;
        assert_eq!(seen.map(|account| account.session.id), expected, "{since}");
    }
    let other_nonce = nonce_hash(&code, "other");
    assert_eq!(repeated(store, code, other_nonce, at(40)).await, None);
    let other_code = code_hash("other");
    assert_eq!(repeated(store, other_code, nonce, at(40)).await, None);
}

pub async fn a_repeated_code_is_found_across_the_hour(store: &dyn StoreUnderTest) {
    let guest = Guest::new("wx01", "o1");
    for second in [-30, -1, 0, 30] {
        let (visit, code, nonce) = guest.visit_with_nonce(second);
        admitted(store, visit).await;
        let seen = repeated(store, code, nonce, at(second - 59)).await;
        assert!(seen.is_some(), "at second {second}");
    }
}
