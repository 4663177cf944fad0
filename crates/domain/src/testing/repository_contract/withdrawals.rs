//! Rules: what users withdraw at WeChat.
#![expect(
    clippy::missing_panics_doc,
    reason = "a rule that is broken fails its test"
)]

use super::guest::at;
use super::{Guest, StoreUnderTest, admitted, entry};
use crate::account::{Edit, ProfileEdit, Withdrawal};
use crate::audit::AuditAction;
use crate::ports::MergeOutcome;

async fn withdraw(store: &dyn StoreUnderTest, guest: &Guest, what: &[Withdrawal]) -> bool {
    let audit = entry(AuditAction::Withdraw, None);
    let accounts = store.accounts();
    let withdrawn = accounts.withdraw(guest.app_id(), guest.open_id(), what, audit);
    withdrawn.await.unwrap()
}

fn member(app: &str, open_id: &str) -> Guest {
    Guest::new(app, open_id).in_account("main")
}

/// Rule.
pub async fn what_is_withdrawn_is_cleared(store: &dyn StoreUnderTest) {
    let guest = Guest::new("wx01", "o1");
    let (accounts, user) = (
        store.accounts(),
        admitted(store, guest.visit(0)).await.user.id,
    );
    let edit = ProfileEdit {
        nick_name: Edit::Set(String::from("Band")),
        avatar_url: Edit::Set(String::from("https://example.com/a.png")),
        city: Edit::Set(String::from("广州")),
        ..ProfileEdit::default()
    };
    accounts.edit_profile(user, edit).await.unwrap();
    let before = accounts.set_phone(user, "+8613580006666").await.unwrap();
    let mut expected = before.unwrap();
    for (what, again) in [
        (Withdrawal::NickName, 0),
        (Withdrawal::Avatar, 1),
        (Withdrawal::Phone, 2),
    ] {
        match what {
            Withdrawal::NickName => expected.profile.nick_name = None,
            Withdrawal::Avatar => expected.profile.avatar_url = None,
            Withdrawal::Phone | Withdrawal::Identity => expected.phone = None,
        }
        for _ in 0..=again {
            assert!(withdraw(store, &guest, &[what]).await);
            let account = accounts.find(user).await.unwrap().unwrap();
            assert_eq!(account.user, expected, "{what:?}");
        }
    }
    let export = accounts.export(user).await.unwrap().unwrap();
    assert_eq!(export.audit.len(), 6);
    assert_eq!(export.audit[0].user_id, Some(user));
}

/// Rule.
pub async fn a_withdrawn_identity_goes_with_its_sessions(store: &dyn StoreUnderTest) {
    let one = member("wx01", "o1").with_union_id("u1");
    let other = member("wx02", "o2").with_union_id("u1");
    let stays = admitted(store, one.visit(0)).await;
    let goes = admitted(store, other.visit(60)).await;
    assert!(withdraw(store, &other, &[Withdrawal::Identity]).await);
    assert!(!withdraw(store, &other, &[Withdrawal::Identity]).await);

    let account = store.accounts().find(stays.user.id).await.unwrap().unwrap();
    assert_eq!(account.identities.len(), 1);
    assert_eq!(account.user.last_login_at, at(0));
    let sessions = store.sessions();
    assert_eq!(sessions.find(goes.session.id).await.unwrap(), None);
    assert!(sessions.find(stays.session.id).await.unwrap().is_some());
    assert!(
        store
            .session_keys(other.app_id(), other.open_id())
            .await
            .is_empty()
    );
    // Whom the unionid belongs to is still known from the other identity.
    let again = admitted(store, other.visit(120)).await;
    assert_eq!(again.user.id, stays.user.id);
}

/// Rule.
pub async fn a_withdrawn_last_identity_takes_the_account_along(store: &dyn StoreUnderTest) {
    let guest = member("wx01", "o1").with_union_id("u1");
    let before = admitted(store, guest.visit(0)).await;
    let everything = [Withdrawal::NickName, Withdrawal::Identity];
    assert!(withdraw(store, &guest, &everything).await);
    assert!(!withdraw(store, &guest, &everything).await);
    assert_eq!(store.accounts().find(before.user.id).await.unwrap(), None);
    assert_eq!(
        store.sessions().find(before.session.id).await.unwrap(),
        None
    );
    let visit = guest.visit(60);
    assert_eq!(
        admitted(store, visit.clone()).await.user.id,
        visit.new_user_id
    );
}

/// Rule.
pub async fn a_withdrawn_identity_takes_its_unionid_along(store: &dyn StoreUnderTest) {
    let (one, other) = (
        member("wx01", "o1"),
        member("wx02", "o2").with_union_id("u2"),
    );
    admitted(store, one.clone().with_union_id("u1").visit(0)).await;
    // The same person under u1 and, in the other app, by a merge, under u2.
    let own = admitted(store, one.visit(1)).await.user.id;
    admitted(store, other.visit(0)).await;
    admitted(store, one.clone().with_union_id("u2").visit(2)).await;
    let open = store
        .merges()
        .open_candidates(super::EVERYTHING)
        .await
        .unwrap();
    let audit = entry(AuditAction::ApplyMerge, None);
    let stays = store
        .merges()
        .apply(open[0].id, at(3), audit)
        .await
        .unwrap();
    assert_ne!(stays, MergeOutcome::Applied(own));
    assert!(withdraw(store, &one, &[Withdrawal::Identity]).await);
    // Nobody shows u1 any longer, so whoever comes with it is somebody new.
    let visit = member("wx03", "o3").with_union_id("u1").visit(10);
    assert_eq!(
        admitted(store, visit.clone()).await.user.id,
        visit.new_user_id
    );
    let visit = member("wx03", "o4").with_union_id("u2").visit(10);
    let joined = admitted(store, visit).await.user.id;
    assert_eq!(MergeOutcome::Applied(joined), stays);
}

/// Rule.
pub async fn a_unionid_that_its_user_withdraws_goes_to_those_who_show_it(
    store: &dyn StoreUnderTest,
) {
    let (one, other) = (member("wx01", "o1"), member("wx02", "o2"));
    let stays = admitted(store, other.visit(0)).await.user.id;
    admitted(store, one.clone().with_union_id("u1").visit(1)).await;
    admitted(store, one.clone().with_union_id("u2").visit(2)).await;
    admitted(store, other.with_union_id("u1").visit(3)).await;
    assert_eq!(store.merge_candidates().await.len(), 1);
    // One now shows u2 alone, and another identity of theirs keeps the account.
    let kept = member("wx03", "o3").with_union_id("u2");
    admitted(store, kept.visit(4)).await;
    assert!(withdraw(store, &one, &[Withdrawal::Identity]).await);
    assert!(store.merge_candidates().await.is_empty());
    let fourth = member("wx04", "o4").with_union_id("u1");
    assert_eq!(admitted(store, fourth.visit(5)).await.user.id, stays);
}
