//! Rules: bans that outlive the account.

use futures_util::future::join;
use uuid::Uuid;

use super::guest::at;
use super::{EVERYTHING, Guest, Store, at_once, entry, entry_at, pages};
use crate::account::Withdrawal;
use crate::audit::AuditAction;
use crate::id::{AppId, UserId};
use crate::ports::Ban;
use crate::visit::VisitOutcome;

const IDENTITY: [Withdrawal; 1] = [Withdrawal::Identity];

async fn bans(store: &Store) -> Vec<Ban> {
    store.bans().list(EVERYTHING).await.unwrap()
}

async fn lift(store: &Store, id: Uuid) -> bool {
    let audit = entry(AuditAction::LiftBan, None);
    store.bans().lift(id, audit).await.unwrap()
}

async fn is_refused(store: &Store, guest: &Guest, seconds: i64) -> bool {
    store.is_refused(guest.visit(seconds)).await
}

/// A disabled user with an identity in each of two apps.
async fn disabled(store: &Store) -> (Guest, Guest, UserId) {
    let one = Guest::known("wx01", "o1", "u1");
    let other = Guest::known("wx02", "o2", "u1");
    let user = store.user(&one, 0).await;
    store.log_in(&other, 1).await;
    store.disable(user, at(10)).await;
    (one, other, user)
}

pub async fn a_disabled_user_who_is_deleted_stays_shut_out(store: &Store) {
    let (one, other, user) = disabled(store).await;
    let audit = entry(AuditAction::DeleteUser, Some(user));
    let deleted = store.accounts().delete(user, audit.clone()).await;
    assert!(deleted.unwrap());

    for (guest, refused) in [
        (one, true),
        (other, true),
        (Guest::member("wx01", "o1"), true),
        (Guest::known("wx03", "o3", "u1"), true),
        // Somebody else, or the same unionid where it is another person's.
        (Guest::member("wx01", "o2"), false),
        (Guest::member("wx03", "o3"), false),
        (Guest::known("wx04", "o4", "u1").in_account("b"), false),
        (Guest::new("wx05", "o5").with_union_id("u1"), false),
    ] {
        assert_eq!(is_refused(store, &guest, 20).await, refused, "{guest:?}");
    }
    assert!(store.account(user).await.is_none());
    let expected = Ban {
        id: audit.id,
        user_id: user,
        at: audit.at,
        app_ids: vec![AppId::new("wx01"), AppId::new("wx02")],
    };
    assert_eq!(bans(store).await, [expected]);
}

pub async fn a_banned_unionid_shuts_out_also_who_shows_it_late(store: &Store) {
    let late = Guest::member("wx02", "o2");
    store.log_in(&late, 0).await;
    let user = store.user(&Guest::known("wx01", "o1", "u1"), 1).await;
    store.disable(user, at(10)).await;
    assert!(store.delete(user).await);
    assert!(is_refused(store, &late.clone().with_union_id("u1"), 20).await);
    assert!(!is_refused(store, &late, 21).await);
    assert!(!is_refused(store, &late.with_union_id("u2"), 22).await);
}

pub async fn a_message_that_wechat_repeats_is_obeyed_once(store: &Store) {
    let guest = Guest::new("wx01", "o1");
    store.log_in(&guest, 0).await;
    let message = entry(AuditAction::Withdraw, None);
    for seconds in [10, 20] {
        assert!(store.withdraw_by(&guest, &IDENTITY, message.clone()).await);
        // The account that was made after the message stays.
        let account = store.log_in(&guest, seconds).await;
        let is_first = account.session.created_at == account.user.created_at;
        assert_eq!(is_first, seconds == 10);
    }
}

pub async fn a_disabled_user_who_withdraws_stays_shut_out(store: &Store) {
    let (one, other, user) = disabled(store).await;
    for guest in [&one, &other] {
        assert!(store.withdraw(guest, &IDENTITY).await);
        assert!(is_refused(store, guest, 20).await);
        // The identity alone is enough.
        let bare = Guest::new(guest.app_id().as_str(), guest.open_id().as_str());
        assert!(is_refused(store, &bare, 21).await);
    }
    assert!(store.account(user).await.is_none());
    // One user is one ban.
    let found = bans(store).await;
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].user_id, found[0].app_ids.len()), (user, 2));
    assert!(is_refused(store, &Guest::known("wx03", "o3", "u1"), 30).await);
}

pub async fn who_is_enabled_leaves_no_ban(store: &Store) {
    for (number, was_disabled) in [("1", false), ("2", true)] {
        let guest = Guest::known("wx01", number, number);
        let user = store.user(&guest, 0).await;
        if was_disabled {
            store.disable(user, at(5)).await;
            store.enable(user).await;
        }
        assert!(store.delete(user).await);
        assert_ne!(store.user(&guest, 10).await, user);
        assert!(store.withdraw(&guest, &IDENTITY).await);
        store.log_in(&guest, 20).await;
    }
    assert!(bans(store).await.is_empty());
}

pub async fn enabling_lifts_the_bans_of_withdrawn_identities(store: &Store) {
    let (_, other, user) = disabled(store).await;
    assert!(store.withdraw(&other, &IDENTITY).await);
    assert_eq!(bans(store).await.len(), 1);
    store.enable(user).await;
    assert!(bans(store).await.is_empty());
    assert_eq!(store.user(&other, 20).await, user);
}

pub async fn a_lifted_ban_lets_the_person_in_as_a_new_user(store: &Store) {
    let guests = ["o1", "o2", "o3"].map(|name| Guest::known("wx01", name, name));
    let mut users = Vec::new();
    for guest in &guests {
        let user = store.user(guest, 0).await;
        store.disable(user, at(10)).await;
        assert!(store.delete(user).await);
        users.push(user);
    }
    let all = bans(store).await;
    let found: Vec<_> = all.iter().map(|ban| ban.user_id).collect();
    assert_eq!(found, users);
    let list = async |page| store.bans().list(page).await.unwrap();
    assert_eq!(pages(2, |ban| ban.id, list).await, all);

    assert!(!lift(store, Uuid::now_v7()).await);
    assert!(lift(store, all[1].id).await);
    assert!(!lift(store, all[1].id).await);
    assert_eq!(bans(store).await, [all[0].clone(), all[2].clone()]);
    let new = store.admit_new(guests[1].visit(20)).await.user.id;
    let elsewhere = Guest::known("wx02", "o9", "o2");
    assert_eq!(store.user(&elsewhere, 21).await, new);
    for guest in [&guests[0], &guests[2]] {
        assert!(is_refused(store, guest, 30).await);
    }
}

pub async fn a_deletion_at_the_moment_of_a_ban_does_not_open_the_way_back(store: &Store) {
    let accounts = store.replica().accounts();
    for round in 0..10 {
        let name = format!("p{round}");
        let guest = Guest::known("wx01", &name, &name);
        let user = store.user(&guest, 0).await;
        let audit = entry_at(AuditAction::DisableUser, Some(user), 5);
        let disabled = accounts.set_disabled(user, true, audit);
        let (disabled, deleted) = join(disabled, store.delete(user)).await;
        assert!(deleted);
        // Who was disabled first is banned; else the operator is told that there is no such user.
        let is_disabled = disabled.unwrap().is_some();
        assert_eq!(is_refused(store, &guest, 10).await, is_disabled);
    }
}

pub async fn a_ban_holds_at_the_moment_of_logins(store: &Store) {
    let replica = store.replica();
    for round in 0..15 {
        let name = format!("p{round}");
        let guest = |app: &str| Guest::known(app, &name, &name);
        let user = store.user(&guest("wx01"), 0).await;
        store.disable(user, at(5)).await;
        let visits = ["wx01", "wx02", "wx01", "wx03", "wx02", "wx01"];
        let visits = visits.map(|app| guest(app).visit(10)).to_vec();
        let (outcomes, deleted) = join(at_once(store, visits), replica.delete(user)).await;
        assert!(deleted);
        for outcome in outcomes {
            assert_eq!(outcome.unwrap(), VisitOutcome::UserDisabled);
        }
    }
}
