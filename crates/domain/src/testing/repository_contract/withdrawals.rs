//! Rules: what users withdraw at WeChat.

use super::guest::at;
use super::{Guest, StoreUnderTest, admitted, entry};
use crate::account::Withdrawal;
use crate::audit::AuditAction;
use crate::ports::MergeOutcome;
use crate::profile::{Edit, ProfileEdit};

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
            assert!(store.withdraw(&guest, &[what]).await);
            let account = store.account(user).await.unwrap();
            assert_eq!(account.user, expected, "{what:?}");
        }
    }
    let export = store.export(user).await;
    assert_eq!(export.audit.len(), 6);
    assert_eq!(export.audit[0].user_id, Some(user));
}

pub async fn a_withdrawn_identity_goes_with_its_sessions(store: &dyn StoreUnderTest) {
    let one = Guest::member("wx01", "o1").with_union_id("u1");
    let other = Guest::member("wx02", "o2").with_union_id("u1");
    let stays = admitted(store, one.visit(0)).await;
    let goes = admitted(store, other.visit(60)).await;
    assert!(store.withdraw(&other, &[Withdrawal::Identity]).await);
    assert!(!store.withdraw(&other, &[Withdrawal::Identity]).await);

    let account = store.account(stays.user.id).await.unwrap();
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

pub async fn a_withdrawn_last_identity_takes_the_account_along(store: &dyn StoreUnderTest) {
    let guest = Guest::member("wx01", "o1").with_union_id("u1");
    let before = admitted(store, guest.visit(0)).await;
    let everything = [Withdrawal::NickName, Withdrawal::Identity];
    assert!(store.withdraw(&guest, &everything).await);
    assert!(!store.withdraw(&guest, &everything).await);
    assert_eq!(store.account(before.user.id).await, None);
    assert_eq!(store.session(before.session.id).await, None);
    let visit = guest.visit(60);
    assert_eq!(
        admitted(store, visit.clone()).await.user.id,
        visit.new_user_id
    );
}

pub async fn a_withdrawn_identity_takes_its_unionid_along(store: &dyn StoreUnderTest) {
    let (one, other) = (
        Guest::member("wx01", "o1"),
        Guest::member("wx02", "o2").with_union_id("u2"),
    );
    admitted(store, one.clone().with_union_id("u1").visit(0)).await;
    // The same person under u1 and, in the other app, by a merge, under u2.
    let own = admitted(store, one.visit(1)).await.user.id;
    admitted(store, other.visit(0)).await;
    admitted(store, one.clone().with_union_id("u2").visit(2)).await;
    let open = store.open_candidates().await;
    let audit = entry(AuditAction::ApplyMerge, None);
    let stays = store
        .merges()
        .apply(open[0].id, at(3), audit)
        .await
        .unwrap();
    assert_ne!(stays, MergeOutcome::Applied(own));
    assert!(store.withdraw(&one, &[Withdrawal::Identity]).await);
    // No identity has u1 any longer, so a visit with it is of a new user.
    let visit = Guest::member("wx03", "o3").with_union_id("u1").visit(10);
    assert_eq!(
        admitted(store, visit.clone()).await.user.id,
        visit.new_user_id
    );
    let visit = Guest::member("wx03", "o4").with_union_id("u2").visit(10);
    let joined = admitted(store, visit).await.user.id;
    assert_eq!(MergeOutcome::Applied(joined), stays);
}

pub async fn a_unionid_that_its_user_withdraws_goes_to_those_who_show_it(
    store: &dyn StoreUnderTest,
) {
    let (one, other) = (Guest::member("wx01", "o1"), Guest::member("wx02", "o2"));
    let stays = admitted(store, other.visit(0)).await.user.id;
    admitted(store, one.clone().with_union_id("u1").visit(1)).await;
    admitted(store, one.clone().with_union_id("u2").visit(2)).await;
    admitted(store, other.with_union_id("u1").visit(3)).await;
    assert_eq!(store.merge_candidates().await.len(), 1);
    // One now shows u2 alone, and another identity of theirs keeps the account.
    let kept = Guest::member("wx03", "o3").with_union_id("u2");
    admitted(store, kept.visit(4)).await;
    assert!(store.withdraw(&one, &[Withdrawal::Identity]).await);
    assert!(store.merge_candidates().await.is_empty());
    let fourth = Guest::member("wx04", "o4").with_union_id("u1");
    assert_eq!(admitted(store, fourth.visit(5)).await.user.id, stays);
}
