//! Rules: what replicas are told.

use super::guest::at;
use super::{Guest, PHONE, Store};
use crate::account::Withdrawal;
use crate::id::UserId;
use crate::ports::{Change, FeedPosition, TokenUse};
use crate::profile::ProfileEdit;
use crate::time::Duration;

/// A user of their own for each kind of change.
async fn user(store: &Store, open_id: &str) -> (Guest, UserId) {
    let guest = Guest::member("wx01", open_id);
    let user = store.user(&guest, 0).await;
    (guest, user)
}

/// What a replica is told, and where it goes on.
async fn told(store: &Store, position: Option<&FeedPosition>) -> (Vec<Change>, FeedPosition) {
    let news = store.changes().since(position).await.unwrap();
    (news.changes, news.position)
}

pub async fn who_has_no_position_is_told_everything(store: &Store) {
    let (first, position) = told(store, None).await;
    assert_eq!(first, [Change::Everything]);
    let (nothing, _) = told(store, Some(&position)).await;
    assert_eq!(nothing, []);
}

pub async fn a_position_that_means_nothing_is_told_everything(store: &Store) {
    let position = FeedPosition::new(String::from("nonsense"));
    let (told, _) = told(store, Some(&position)).await;
    assert_eq!(told, [Change::Everything]);
}

pub async fn every_change_is_announced_to_every_replica(store: &Store) {
    let replica = store.replica();
    let (_, start) = told(&*replica, None).await;
    let accounts = store.accounts();

    let ended = store.log_in(&Guest::member("wx01", "o-ended"), 0).await;
    let lifecycle = store.lifecycle();
    lifecycle.end_all(ended.user.id, at(10)).await.unwrap();

    let (_, edited) = user(store, "o-edited").await;
    let edit = ProfileEdit::default();
    accounts.edit_profile(edited, edit).await.unwrap();

    let (_, called) = user(store, "o-called").await;
    accounts.set_phone(called, PHONE).await.unwrap();

    let (_, disabled) = user(store, "o-disabled").await;
    store.disable(disabled, at(10)).await;

    let (_, deleted) = user(store, "o-deleted").await;
    store.delete(deleted).await;

    let (guest, withdrawn) = user(store, "o-withdrawn").await;
    store.withdraw(&guest, &[Withdrawal::Identity]).await;

    let (guest, renamed) = user(store, "o-renamed").await;
    store.admit(guest.visit_as(10, "Band")).await;

    let (guest, joined) = user(store, "o-joined").await;
    store.log_in(&guest.with_union_id("u-joined"), 10).await;

    let (guest, merged) = user(store, "o-merged").await;
    let other = Guest::known("wx02", "o-merged", "u-merged");
    let other = store.user(&other, 0).await;
    store.log_in(&guest.with_union_id("u-merged"), 10).await;
    let candidate = store.open_candidates().await[0].id;
    store.merge(candidate, 20).await;

    let users = [
        edited, called, disabled, deleted, withdrawn, renamed, joined, merged, other,
    ];
    let (changes, end) = told(&*replica, Some(&start)).await;
    let ended = Change::Session(ended.session.id);
    for change in users.map(Change::User).into_iter().chain([ended]) {
        assert!(changes.contains(&change), "{change:?} not in {changes:?}");
    }
    assert!(!changes.contains(&Change::Everything), "{changes:?}");
    let (nothing, _) = told(&*replica, Some(&end)).await;
    assert_eq!(nothing, []);
}

pub async fn a_login_that_changes_nothing_is_not_announced(store: &Store) {
    let (_, start) = told(store, None).await;
    let guest = Guest::known("wx01", "o1", "u1");
    for second in 0..3 {
        let session = store.admit(guest.visit_as(second, "Band")).await.session;
        let token = TokenUse::Refresh {
            expires_at: at(90_000),
            grace: Duration::ZERO,
        };
        let (lifecycle, next) = (store.lifecycle(), session.generation.next());
        let used = lifecycle.use_generation(session.id, next, at(second), token);
        used.await.unwrap();
    }
    let (changes, _) = told(store, Some(&start)).await;
    assert_eq!(changes, []);
}
