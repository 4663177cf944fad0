//! Rules: one person in several apps.

use std::collections::HashSet;

use super::guest::at;
use super::{Guest, Store, admit_at_once};
use crate::id::UnionId;
use crate::visit::is_first_visit;

pub async fn a_new_identity_with_a_known_unionid_joins_its_user(store: &Store) {
    let one = Guest::known("wx01", "o1", "u1").visit_as(0, "Band");
    let one = store.admit(one).await;
    let other = store.log_in(&Guest::known("wx02", "o2", "u1"), 60).await;
    assert_eq!(other.user.id, one.user.id);
    assert_eq!(other.user.created_at, at(0));
    assert_eq!(other.user.profile.nick_name.as_deref(), Some("Band"));
    assert_eq!(other.identity.union_id, Some(UnionId::new("u1")));
    assert!(!is_first_visit(&other));
    assert!(store.merge_candidates().await.is_empty());
}

pub async fn first_visits_of_one_unionid_in_two_apps_at_once_make_one_user(store: &Store) {
    for round in 0..8 {
        let (open_id, union_id) = (format!("o{round}"), format!("u{round}"));
        let visits = ["wx01", "wx02", "wx03", "wx04"];
        let visits = visits.map(|app| Guest::known(app, &open_id, &union_id).visit(0));
        let accounts = admit_at_once(store, visits.to_vec()).await.into_iter();
        let users: HashSet<_> = accounts.map(|account| account.user.id).collect();
        assert_eq!(users.len(), 1, "{union_id}");
    }
    assert!(store.merge_candidates().await.is_empty());
}

pub async fn one_unionid_in_two_open_platform_accounts_is_two_users(store: &Store) {
    let one = store.user(&Guest::known("wx01", "o1", "u1"), 0).await;
    let other = Guest::known("wx02", "o2", "u1").in_account("other");
    assert_ne!(store.user(&other, 0).await, one);
}

pub async fn without_an_open_platform_account_a_unionid_joins_no_users(store: &Store) {
    let [one, other] = [("wx01", "o1"), ("wx02", "o2")]
        .map(|(app, open_id)| Guest::new(app, open_id).with_union_id("u1"));
    let one = store.user(&one, 0).await;
    let other = store.log_in(&other, 0).await;
    assert_ne!(one, other.user.id);
    assert_eq!(other.identity.union_id, Some(UnionId::new("u1")));
    assert!(store.merge_candidates().await.is_empty());
}

pub async fn a_unionid_that_shows_up_later_is_added_to_the_identity(store: &Store) {
    let guest = Guest::member("wx01", "o1");
    let before = store.log_in(&guest, 0).await;
    assert_eq!(before.identity.union_id, None);
    let after = store.log_in(&guest.clone().with_union_id("u1"), 60).await;
    assert_eq!(after.user.id, before.user.id);
    assert_eq!(after.identity.union_id, Some(UnionId::new("u1")));
    // A login that does not tell it does not take it away.
    let later = store.log_in(&guest, 120).await;
    assert_eq!(later.identity.union_id, Some(UnionId::new("u1")));
    let elsewhere = Guest::known("wx02", "o2", "u1");
    assert_eq!(store.user(&elsewhere, 180).await, before.user.id);
}

pub async fn a_late_unionid_of_another_user_joins_no_users_and_is_noted_once(store: &Store) {
    let guest = Guest::member("wx01", "o1");
    let own = store.user(&guest, 0).await;
    let other = store.user(&Guest::known("wx02", "o2", "u1"), 0).await;
    assert_ne!(own, other);

    let guest = guest.with_union_id("u1");
    for second in [60, 120] {
        let account = store.log_in(&guest, second).await;
        assert_eq!(account.user.id, own);
        assert_eq!(account.identity.union_id, Some(UnionId::new("u1")));
    }
    assert_eq!(store.merge_candidates().await, [(own, other)]);
    // The unionid stays with whom it has been.
    let third = Guest::known("wx03", "o3", "u1");
    assert_eq!(store.user(&third, 180).await, other);
}

pub async fn a_unionid_is_linked_as_soon_as_its_account_is_named(store: &Store) {
    let unnamed = Guest::new("wx01", "o1").with_union_id("u1");
    let one = store.user(&unnamed, 0).await;
    store.log_in(&unnamed.in_account("main"), 60).await;
    let other = Guest::known("wx02", "o2", "u1");
    assert_eq!(store.user(&other, 120).await, one);
}

pub async fn a_new_identity_of_a_disabled_user_is_not_stored(store: &Store) {
    let one = store.user(&Guest::known("wx01", "o1", "u1"), 0).await;
    store.disable(one, at(10)).await;
    let guest = Guest::member("wx02", "o2");
    let refused = guest.clone().with_union_id("u1").visit(60);
    assert!(store.is_refused(refused).await);
    assert!(store.keys_of(&guest).await.is_empty());
    // Nothing was stored, so without the unionid it is somebody new.
    store.admit_new(guest.visit(120)).await;
}

pub async fn users_of_two_apps_share_the_time_of_their_last_login(store: &Store) {
    let one = Guest::known("wx01", "o1", "u1");
    let first = store.log_in(&one, 0).await;
    store.log_in(&Guest::known("wx02", "o2", "u1"), 60).await;
    let seen = store.session(first.session.id).await.unwrap();
    assert_eq!(seen.user.last_login_at, at(60));
    let late = store.log_in(&one, 30).await;
    assert_eq!(late.user.last_login_at, at(60));
}

pub async fn a_freed_unionid_goes_to_those_who_show_it(store: &Store) {
    // Three users of one person: the first has the unionid, the others showed it later.
    let apps = ["wx01", "wx02", "wx03"];
    let mut users = Vec::new();
    for app in apps {
        users.push(store.user(&Guest::member(app, "o"), 0).await);
    }
    let guests = apps.map(|app| Guest::known(app, "o", "u1"));
    for (guest, second) in guests.iter().zip([10, 20, 30]) {
        store.log_in(guest, second).await;
    }
    // Elsewhere the same unionid is another person's.
    let stranger = Guest::known("wx09", "o9", "u1").in_account("other");
    store.log_in(&stranger, 0).await;
    store.disable(users[1], at(35)).await;

    // Enabled users come first.
    assert!(store.delete(users[0]).await);
    assert_eq!(store.merge_candidates().await, [(users[1], users[2])]);
    assert_eq!(store.user(&guests[0], 40).await, users[2]);

    assert!(store.delete(users[2]).await);
    assert!(store.merge_candidates().await.is_empty());
    assert!(store.is_refused(guests[0].visit(50)).await);
}
