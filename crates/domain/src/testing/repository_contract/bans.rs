//! Rules: bans that outlive the account.

use futures_util::future::join;
use uuid::Uuid;

use super::guest::at;
use super::{EVERYTHING, Guest, StoreUnderTest, admitted, at_once, entry};
use crate::account::{Page, Withdrawal};
use crate::audit::AuditAction;
use crate::ban::Ban;
use crate::id::AppId;
use crate::visit::VisitOutcome;

const IDENTITY: [Withdrawal; 1] = [Withdrawal::Identity];

async fn bans(store: &dyn StoreUnderTest) -> Vec<Ban> {
    store.bans().list(EVERYTHING).await.unwrap()
}

async fn lift(store: &dyn StoreUnderTest, id: Uuid) -> bool {
    let audit = entry(AuditAction::LiftBan, None);
    store.bans().lift(id, audit).await.unwrap()
}

async fn is_refused(store: &dyn StoreUnderTest, guest: &Guest, seconds: i64) -> bool {
    let outcome = store.users().record_visit(guest.visit(seconds)).await;
    outcome.unwrap() == VisitOutcome::UserDisabled
}

pub async fn a_disabled_user_who_is_deleted_stays_shut_out(store: &dyn StoreUnderTest) {
    let one = Guest::member("wx01", "o1").with_union_id("u1");
    let other = Guest::member("wx02", "o2").with_union_id("u1");
    let user = admitted(store, other.visit(0)).await.user.id;
    admitted(store, one.visit(1)).await;
    store.disable(user, at(10)).await;
    let audit = entry(AuditAction::DeleteUser, Some(user));
    let accounts = store.accounts();
    assert!(accounts.delete(user, audit.clone()).await.unwrap());

    let third = Guest::member("wx03", "o3");
    for (guest, refused) in [
        (&one, true),
        (&other, true),
        (&Guest::member("wx01", "o1"), true),
        (&third.clone().with_union_id("u1"), true),
        // Somebody else, or the same unionid where it is another person's.
        (&Guest::member("wx01", "o2"), false),
        (&third, false),
        (
            &Guest::new("wx04", "o4").in_account("b").with_union_id("u1"),
            false,
        ),
        (&Guest::new("wx05", "o5").with_union_id("u1"), false),
    ] {
        assert_eq!(is_refused(store, guest, 20).await, refused, "{guest:?}");
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

pub async fn a_banned_unionid_shuts_out_also_who_shows_it_late(store: &dyn StoreUnderTest) {
    let late = Guest::member("wx02", "o2");
    admitted(store, late.visit(0)).await;
    let banned = Guest::member("wx01", "o1").with_union_id("u1");
    let user = admitted(store, banned.visit(1)).await.user.id;
    store.disable(user, at(10)).await;
    assert!(store.delete(user).await);
    assert!(is_refused(store, &late.clone().with_union_id("u1"), 20).await);
    assert!(!is_refused(store, &late, 21).await);
    assert!(!is_refused(store, &late.with_union_id("u2"), 22).await);
}

pub async fn a_message_that_wechat_repeats_is_obeyed_once(store: &dyn StoreUnderTest) {
    let guest = Guest::new("wx01", "o1");
    admitted(store, guest.visit(0)).await;
    let message = entry(AuditAction::Withdraw, None);
    let accounts = store.accounts();
    let what = [Withdrawal::Identity];
    for seconds in [10, 20] {
        let audit = message.clone();
        let withdrawn = accounts.withdraw(guest.app_id(), guest.open_id(), &what, audit);
        assert!(withdrawn.await.unwrap());
        // The account that was made after the message stays.
        let account = admitted(store, guest.visit(seconds)).await;
        let is_first = account.session.created_at == account.user.created_at;
        assert_eq!(is_first, seconds == 10);
    }
}

pub async fn a_disabled_user_who_withdraws_stays_shut_out(store: &dyn StoreUnderTest) {
    let one = Guest::member("wx01", "o1").with_union_id("u1");
    let other = Guest::member("wx02", "o2").with_union_id("u1");
    let user = admitted(store, one.visit(0)).await.user.id;
    admitted(store, other.visit(1)).await;
    store.disable(user, at(10)).await;
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
    assert!(is_refused(store, &Guest::member("wx03", "o3").with_union_id("u1"), 30).await);
}

pub async fn who_is_enabled_leaves_no_ban(store: &dyn StoreUnderTest) {
    let never = Guest::member("wx01", "o1").with_union_id("u1");
    let again = Guest::member("wx01", "o2").with_union_id("u2");
    for guest in [&never, &again] {
        let user = admitted(store, guest.visit(0)).await.user.id;
        if guest.open_id() == again.open_id() {
            store.disable(user, at(5)).await;
            store.enable(user).await;
        }
        assert!(store.delete(user).await);
        let back = admitted(store, guest.visit(10)).await;
        assert_ne!(back.user.id, user);
        assert!(store.withdraw(guest, &IDENTITY).await);
        admitted(store, guest.visit(20)).await;
    }
    assert!(bans(store).await.is_empty());
}

pub async fn enabling_lifts_the_bans_of_withdrawn_identities(store: &dyn StoreUnderTest) {
    let one = Guest::member("wx01", "o1").with_union_id("u1");
    let other = Guest::member("wx02", "o2").with_union_id("u1");
    let user = admitted(store, one.visit(0)).await.user.id;
    admitted(store, other.visit(1)).await;
    store.disable(user, at(10)).await;
    assert!(store.withdraw(&other, &IDENTITY).await);
    assert_eq!(bans(store).await.len(), 1);
    store.enable(user).await;
    assert!(bans(store).await.is_empty());
    assert_eq!(admitted(store, other.visit(20)).await.user.id, user);
}

pub async fn a_lifted_ban_lets_the_person_in_as_a_new_user(store: &dyn StoreUnderTest) {
    let guests = ["o1", "o2", "o3"].map(|name| Guest::member("wx01", name).with_union_id(name));
    let mut users = Vec::new();
    for guest in &guests {
        let user = admitted(store, guest.visit(0)).await.user.id;
        store.disable(user, at(10)).await;
        assert!(store.delete(user).await);
        users.push(user);
    }
    let all = bans(store).await;
    let found: Vec<_> = all.iter().map(|ban| ban.user_id).collect();
    assert_eq!(found, users);
    let mut page = Page::first(2);
    assert_eq!(store.bans().list(page).await.unwrap(), all[..2]);
    page.after = Some(all[1].id);
    assert_eq!(store.bans().list(page).await.unwrap(), all[2..]);

    assert!(!lift(store, Uuid::now_v7()).await);
    assert!(lift(store, all[1].id).await);
    assert!(!lift(store, all[1].id).await);
    assert_eq!(bans(store).await, [all[0].clone(), all[2].clone()]);
    let visit = guests[1].visit(20);
    assert_eq!(
        admitted(store, visit.clone()).await.user.id,
        visit.new_user_id
    );
    let elsewhere = Guest::member("wx02", "o9").with_union_id("o2");
    assert_eq!(
        admitted(store, elsewhere.visit(21)).await.user.id,
        visit.new_user_id
    );
    for guest in [&guests[0], &guests[2]] {
        assert!(is_refused(store, guest, 30).await);
    }
}

pub async fn a_deletion_at_the_moment_of_a_ban_does_not_open_the_way_back(
    store: &dyn StoreUnderTest,
) {
    let replica = store.replica();
    for round in 0..10 {
        let name = format!("p{round}");
        let guest = Guest::member("wx01", &name).with_union_id(&name);
        let user = admitted(store, guest.visit(0)).await.user.id;
        let disabled = async {
            let audit = entry(AuditAction::DisableUser, Some(user));
            let accounts = replica.accounts();
            accounts
                .set_disabled(user, Some(at(5)), audit)
                .await
                .unwrap()
        };
        let (disabled, deleted) = join(disabled, store.delete(user)).await;
        assert!(deleted);
        // Who was disabled first is banned; else the operator is told that there is no such user.
        assert_eq!(is_refused(store, &guest, 10).await, disabled.is_some());
    }
}

pub async fn a_ban_holds_at_the_moment_of_logins(store: &dyn StoreUnderTest) {
    let replica = store.replica();
    for round in 0..15 {
        let name = format!("p{round}");
        let guest = |app: &str| Guest::member(app, &name).with_union_id(&name);
        let user = admitted(store, guest("wx01").visit(0)).await.user.id;
        store.disable(user, at(5)).await;
        let visits =
            ["wx01", "wx02", "wx01", "wx03", "wx02", "wx01"].map(|app| guest(app).visit(10));
        let (outcomes, deleted) = join(at_once(store, visits.to_vec()), replica.delete(user)).await;
        assert!(deleted);
        for outcome in outcomes {
            assert_eq!(outcome.unwrap(), VisitOutcome::UserDisabled);
        }
    }
}
