//! Rules: finding sessions again.

use uuid::Uuid;

use super::guest::{at, code_hash, nonce_hash};
use super::{Guest, Store};
use crate::id::SessionId;
use crate::secret::SecretHash;
use crate::session::SessionAccount;

/// The session that was opened with a code and a nonce since a second.
async fn repeated(
    store: &Store,
    (code, nonce): (SecretHash, SecretHash),
    since: i64,
) -> Option<SessionId> {
    let found = store.sessions().find_repeated(code, nonce, at(since)).await;
    found.unwrap().map(|account| account.session.id)
}

pub async fn a_session_is_found_with_its_user_and_identity(store: &Store) {
    let guest = Guest::known("wx01", "o1", "u1");
    let account = store.admit(guest.visit_as(0, "Band")).await;
    store.log_in(&Guest::new("wx01", "o2"), 0).await;
    assert_eq!(store.session(account.session.id).await, Some(account));
}

pub async fn a_session_shows_what_its_user_became_later(store: &Store) {
    let guest = Guest::member("wx01", "o1");
    let first = store.admit(guest.visit_as(0, "Band")).await;
    let second = guest.with_union_id("u1").visit_as(60, "Later");
    let expected = SessionAccount {
        session: first.session,
        ..store.admit(second).await
    };
    assert_eq!(store.session(expected.session.id).await, Some(expected));
}

pub async fn an_unknown_session_is_not_found(store: &Store) {
    store.log_in(&Guest::new("wx01", "o1"), 0).await;
    assert_eq!(store.session(SessionId::new(Uuid::now_v7())).await, None);
}

pub async fn an_expired_session_is_found_all_the_same(store: &Store) {
    let mut visit = Guest::new("wx01", "o1").visit(0);
    visit.session.expires_at = at(-60);
    let account = store.admit(visit).await;
    assert_eq!(store.session(account.session.id).await, Some(account));
}

pub async fn a_repeated_code_and_nonce_find_their_session(store: &Store) {
    let guest = Guest::new("wx01", "o1");
    let (visit, code, nonce) = guest.visit_with_nonce(100);
    let id = store.admit(visit).await.session.id;
    let plain = store.log_in(&guest, 100).await;
    assert_ne!(plain.session.id, id);

    let (other_code, other_nonce) = (code_hash("other"), nonce_hash(&code, "other"));
    for (sent, since, expected) in [
        ((code, nonce), 40, Some(id)),
        ((code, nonce), 100, Some(id)),
        ((code, nonce), 101, None),
        ((code, other_nonce), 40, None),
        ((other_code, nonce), 40, None),
    ] {
        let found = repeated(store, sent, since).await;
        assert_eq!(found, expected, "{sent:?} since {since}");
    }
}

pub async fn a_repeated_code_is_found_across_the_hour(store: &Store) {
    let guest = Guest::new("wx01", "o1");
    for second in [-30, -1, 0, 30] {
        let (visit, code, nonce) = guest.visit_with_nonce(second);
        store.admit(visit).await;
        let seen = repeated(store, (code, nonce), second - 59).await;
        assert!(seen.is_some(), "at second {second}");
    }
}
