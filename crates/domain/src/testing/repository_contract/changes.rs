//! Rules: what replicas are told.

use super::guest::at;
use super::{Guest, StoreUnderTest, admitted, entry};
use crate::account::Withdrawal;
use crate::audit::AuditAction;
use crate::ports::{Change, FeedPosition, TokenUse};
use crate::profile::ProfileEdit;
use crate::session::SessionAccount;
use crate::time::Duration;

/// A user of their own for each kind of change.
async fn user(store: &dyn StoreUnderTest, open_id: &str) -> (Guest, SessionAccount) {
    let guest = Guest::member("wx01", open_id);
    let account = admitted(store, guest.visit(0)).await;
    (guest, account)
}

/// What a replica is told, and where it goes on.
async fn told(
    store: &dyn StoreUnderTest,
    position: Option<&FeedPosition>,
) -> (Vec<Change>, FeedPosition) {
    let news = store.changes().since(position).await.unwrap();
    (news.changes, news.position)
}

pub async fn who_has_no_position_is_told_everything(store: &dyn StoreUnderTest) {
    let (first, position) = told(store, None).await;
    assert_eq!(first, [Change::Everything]);
    let (nothing, _) = told(store, Some(&position)).await;
    assert_eq!(nothing, []);
}

pub async fn a_position_that_means_nothing_is_told_everything(store: &dyn StoreUnderTest) {
    let position = FeedPosition::new(String::from("nonsense"));
    let (told, _) = told(store, Some(&position)).await;
    assert_eq!(told, [Change::Everything]);
}

pub async fn every_change_is_announced_to_every_replica(store: &dyn StoreUnderTest) {
    let replica = store.replica();
    let (_, start) = told(&*replica, None).await;
    let accounts = store.accounts();
    let mut expected = Vec::new();

    let (_, ended) = user(store, "o-ended").await;
    let lifecycle = store.lifecycle();
    lifecycle.end_all(ended.user.id, at(10)).await.unwrap();
    expected.push(Change::Session(ended.session.id));

    let (_, edited) = user(store, "o-edited").await;
    accounts
        .edit_profile(edited.user.id, ProfileEdit::default())
        .await
        .unwrap();
    expected.push(Change::User(edited.user.id));

    let (_, called) = user(store, "o-called").await;
    accounts
        .set_phone(called.user.id, "+8613580006666")
        .await
        .unwrap();
    expected.push(Change::User(called.user.id));

    let (_, disabled) = user(store, "o-disabled").await;
    store.disable(disabled.user.id, at(10)).await;
    expected.push(Change::User(disabled.user.id));

    let (_, deleted) = user(store, "o-deleted").await;
    let audit = entry(AuditAction::DeleteUser, Some(deleted.user.id));
    accounts.delete(deleted.user.id, audit).await.unwrap();
    expected.push(Change::User(deleted.user.id));

    let (guest, withdrawn) = user(store, "o-withdrawn").await;
    let audit = entry(AuditAction::Withdraw, None);
    accounts
        .withdraw(
            guest.app_id(),
            guest.open_id(),
            &[Withdrawal::Identity],
            audit,
        )
        .await
        .unwrap();
    expected.push(Change::User(withdrawn.user.id));

    let (guest, renamed) = user(store, "o-renamed").await;
    admitted(store, guest.visit_as(10, "Band")).await;
    expected.push(Change::User(renamed.user.id));

    let (guest, joined) = user(store, "o-joined").await;
    admitted(store, guest.with_union_id("u-joined").visit(10)).await;
    expected.push(Change::User(joined.user.id));

    let (guest, merged) = user(store, "o-merged").await;
    let other = Guest::member("wx02", "o-merged");
    let other = admitted(store, other.with_union_id("u-merged").visit(0)).await;
    admitted(store, guest.with_union_id("u-merged").visit(10)).await;
    let candidate = store.open_candidates().await[0].id;
    let audit = entry(AuditAction::ApplyMerge, None);
    store
        .merges()
        .apply(candidate, at(20), audit)
        .await
        .unwrap();
    expected.push(Change::User(merged.user.id));
    expected.push(Change::User(other.user.id));

    let (changes, end) = told(&*replica, Some(&start)).await;
    for change in expected {
        assert!(changes.contains(&change), "{change:?} not in {changes:?}");
    }
    assert!(!changes.contains(&Change::Everything), "{changes:?}");
    let (nothing, _) = told(&*replica, Some(&end)).await;
    assert_eq!(nothing, []);
}

pub async fn a_login_that_changes_nothing_is_not_announced(store: &dyn StoreUnderTest) {
    let (_, start) = told(store, None).await;
    let guest = Guest::member("wx01", "o1").with_union_id("u1");
    for second in 0..3 {
        let account = admitted(store, guest.visit_as(second, "Band")).await;
        let lifecycle = store.lifecycle();
        let used = lifecycle.use_generation(
            account.session.id,
            account.session.generation.next(),
            at(second),
            TokenUse::Refresh {
                expires_at: at(90_000),
                grace: Duration::ZERO,
            },
        );
        used.await.unwrap();
    }
    let (changes, _) = told(store, Some(&start)).await;
    assert_eq!(changes, []);
}
