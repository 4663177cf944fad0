//! Rules: listing and ending sessions.
#![expect(
    clippy::missing_panics_doc,
    reason = "a rule that is broken fails its test"
)]

use super::guest::at;
use super::{Guest, StoreUnderTest, admitted};
use crate::id::SessionId;
use crate::session::SessionAccount;

async fn listed(store: &dyn StoreUnderTest, of: &SessionAccount, second: i64) -> Vec<SessionId> {
    let listed = store.lifecycle().list(of.user.id, at(second)).await;
    let listed = listed.unwrap().into_iter();
    listed.map(|listed| listed.session.id).collect()
}

/// Rule.
pub async fn live_sessions_are_listed_newest_first(store: &dyn StoreUnderTest) {
    let guest = Guest::new("wx01", "o1");
    let mut visit = guest.visit(0);
    visit.session.expires_at = at(50);
    let short = admitted(store, visit).await;
    let old = admitted(store, guest.visit(10)).await;
    let new = admitted(store, guest.visit(20)).await;
    admitted(store, Guest::new("wx01", "o2").visit(20)).await;
    let ids = [new.session.id, old.session.id, short.session.id];
    assert_eq!(listed(store, &new, 49).await, ids);
    assert_eq!(listed(store, &new, 50).await, ids[..2]);

    let all = store.lifecycle().list(new.user.id, at(50)).await.unwrap();
    assert_eq!(all[0].session, new.session);
    assert_eq!(all[0].app_id, *guest.app_id());
    assert_eq!(all[0].session.last_used_at, at(20));
}

/// Rule.
pub async fn a_session_is_ended_only_by_its_user_and_once(store: &dyn StoreUnderTest) {
    let lifecycle = store.lifecycle();
    let one = admitted(store, Guest::new("wx01", "o1").visit(0)).await;
    let other = admitted(store, Guest::new("wx01", "o2").visit(0)).await;
    let id = one.session.id;
    assert!(!lifecycle.end(other.user.id, id, at(10)).await.unwrap());
    assert_eq!(listed(store, &one, 10).await, [id]);
    assert!(lifecycle.end(one.user.id, id, at(10)).await.unwrap());
    assert!(!lifecycle.end(one.user.id, id, at(20)).await.unwrap());
    assert!(listed(store, &one, 10).await.is_empty());
    let found = store.sessions().find(id).await.unwrap().unwrap();
    assert_eq!(found.session.ended_at, Some(at(10)));
}

/// Rule.
pub async fn all_sessions_of_a_user_end_at_once_and_no_others(store: &dyn StoreUnderTest) {
    let guest = Guest::new("wx01", "o1");
    let mut expired = guest.visit(0);
    expired.session.expires_at = at(5);
    admitted(store, expired).await;
    admitted(store, guest.visit(0)).await;
    let one = admitted(store, guest.visit(1)).await;
    let other = admitted(store, Guest::new("wx01", "o2").visit(0)).await;
    let lifecycle = store.lifecycle();
    assert_eq!(lifecycle.end_all(one.user.id, at(10)).await.unwrap(), 2);
    assert_eq!(lifecycle.end_all(one.user.id, at(11)).await.unwrap(), 0);
    assert!(listed(store, &one, 10).await.is_empty());
    assert_eq!(listed(store, &other, 10).await, [other.session.id]);
}
