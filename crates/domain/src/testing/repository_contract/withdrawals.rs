//! Rules: what users withdraw at WeChat.

use super::guest::at;
use super::{Guest, PHONE, Store};
use crate::account::Withdrawal;
use crate::ports::MergeOutcome;
use crate::profile::{Edit, ProfileEdit};

pub async fn what_is_withdrawn_is_cleared(store: &Store) {
    let guest = Guest::new("wx01", "o1");
    let (accounts, user) = (store.accounts(), store.user(&guest, 0).await);
    let edit = ProfileEdit {
        nick_name: Edit::Set(String::from("Band")),
        avatar_url: Edit::Set(String::from("https://example.com/a.png")),
        city: Edit::Set(String::from("广州")),
        ..ProfileEdit::default()
    };
    accounts.edit_profile(user, edit).await.unwrap();
    let before = accounts.set_phone(user, PHONE).await.unwrap();
    let mut expected = before.unwrap();
    let each = [Withdrawal::NickName, Withdrawal::Avatar, Withdrawal::Phone];
    for (what, times) in each.into_iter().zip(1..=3) {
        match what {
            Withdrawal::NickName => expected.profile.nick_name = None,
            Withdrawal::Avatar => expected.profile.avatar_url = None,
            Withdrawal::Phone | Withdrawal::Identity => expected.phone = None,
        }
        for _ in 0..times {
            assert!(store.withdraw(&guest, &[what]).await);
            let account = store.account(user).await.unwrap();
            assert_eq!(account.user, expected, "{what:?}");
        }
    }
    let export = store.export(user).await;
    assert_eq!(export.audit.len(), 6);
    assert_eq!(export.audit[0].user_id, Some(user));
}

pub async fn a_withdrawn_identity_goes_with_its_sessions(store: &Store) {
    let one = Guest::known("wx01", "o1", "u1");
    let other = Guest::known("wx02", "o2", "u1");
    let stays = store.log_in(&one, 0).await;
    let goes = store.log_in(&other, 60).await;
    assert!(store.withdraw(&other, &[Withdrawal::Identity]).await);
    assert!(!store.withdraw(&other, &[Withdrawal::Identity]).await);

    let account = store.account(stays.user.id).await.unwrap();
    assert_eq!(account.identities.len(), 1);
    assert_eq!(account.user.last_login_at, at(0));
    assert_eq!(store.session(goes.session.id).await, None);
    assert!(store.session(stays.session.id).await.is_some());
    assert!(store.keys_of(&other).await.is_empty());
    // Whom the unionid belongs to is still known from the other identity.
    assert_eq!(store.user(&other, 120).await, stays.user.id);
}

pub async fn a_withdrawn_last_identity_takes_the_account_along(store: &Store) {
    let guest = Guest::known("wx01", "o1", "u1");
    let before = store.log_in(&guest, 0).await;
    let everything = [Withdrawal::NickName, Withdrawal::Identity];
    assert!(store.withdraw(&guest, &everything).await);
    assert!(!store.withdraw(&guest, &everything).await);
    assert_eq!(store.account(before.user.id).await, None);
    assert_eq!(store.session(before.session.id).await, None);
    store.admit_new(guest.visit(60)).await;
}

pub async fn a_withdrawn_identity_takes_its_unionid_along(store: &Store) {
    let one = Guest::member("wx01", "o1");
    store.log_in(&one.clone().with_union_id("u1"), 0).await;
    // The same person under u1 and, in the other app, by a merge, under u2.
    let own = store.user(&one, 1).await;
    store.log_in(&Guest::known("wx02", "o2", "u2"), 0).await;
    store.log_in(&one.clone().with_union_id("u2"), 2).await;
    let open = store.open_candidates().await[0].id;
    let stays = store.merge(open, 3).await;
    assert_ne!(stays, MergeOutcome::Applied(own));
    assert!(store.withdraw(&one, &[Withdrawal::Identity]).await);
    // No identity has u1 any longer, so a visit with it is of a new user.
    let third = Guest::known("wx03", "o3", "u1");
    store.admit_new(third.visit(10)).await;
    let joined = store.user(&Guest::known("wx03", "o4", "u2"), 10).await;
    assert_eq!(MergeOutcome::Applied(joined), stays);
}

pub async fn a_unionid_that_its_user_withdraws_goes_to_those_who_show_it(store: &Store) {
    let (one, other) = (Guest::member("wx01", "o1"), Guest::member("wx02", "o2"));
    let stays = store.user(&other, 0).await;
    store.log_in(&one.clone().with_union_id("u1"), 1).await;
    store.log_in(&one.clone().with_union_id("u2"), 2).await;
    store.log_in(&other.with_union_id("u1"), 3).await;
    assert_eq!(store.merge_candidates().await.len(), 1);
    // One now shows u2 alone, and another identity of theirs keeps the account.
    store.log_in(&Guest::known("wx03", "o3", "u2"), 4).await;
    assert!(store.withdraw(&one, &[Withdrawal::Identity]).await);
    assert!(store.merge_candidates().await.is_empty());
    let fourth = Guest::known("wx04", "o4", "u1");
    assert_eq!(store.user(&fourth, 5).await, stays);
}
