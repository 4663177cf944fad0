//! Rules: deleting accounts.

use futures_util::future::join;

use super::guest::at;
use super::{ALL, EVERYTHING, Guest, StoreUnderTest, account, admitted, at_once, entry};
use crate::account::{AccountQuery, Page, Withdrawal};
use crate::audit::{AuditAction, AuditQuery};
use crate::visit::is_first_visit;

pub async fn a_deleted_user_leaves_nothing_behind(store: &dyn StoreUnderTest) {
    let guest = Guest::member("wx01", "o1");
    let own = admitted(store, guest.visit(0)).await;
    let other = Guest::member("wx02", "o2").with_union_id("u1");
    let other = admitted(store, other.visit(0)).await;
    admitted(store, guest.clone().with_union_id("u1").visit(10)).await;

    assert!(store.delete(own.user.id).await);
    assert!(!store.delete(own.user.id).await);
    let accounts = store.accounts();
    assert_eq!(store.account(own.user.id).await, None);
    assert_eq!(accounts.export(own.user.id).await.unwrap(), None);
    assert_eq!(store.session(own.session.id).await, None);
    assert!(
        store
            .lifecycle()
            .list(own.user.id, at(10), ALL)
            .await
            .unwrap()
            .is_empty()
    );
    let keys = store.session_keys(guest.app_id(), guest.open_id()).await;
    assert!(keys.is_empty());
    assert!(store.merge_candidates().await.is_empty());
    assert!(store.account(other.user.id).await.is_some());
}

pub async fn a_deed_that_is_repeated_is_told_as_done(store: &dyn StoreUnderTest) {
    let guest = Guest::new("wx01", "o1");
    let (accounts, bans) = (store.accounts(), store.bans());
    let user = admitted(store, guest.visit(0)).await.user.id;
    store.disable(user, at(5)).await;
    let deletion = entry(AuditAction::DeleteUser, Some(user));
    let lift = entry(AuditAction::LiftBan, None);
    let withdrawal = entry(AuditAction::Withdraw, None);
    let (app, open_id, what) = (guest.app_id(), guest.open_id(), [Withdrawal::Identity]);
    // The answer to the first is lost, as it were.
    for _ in 0..2 {
        assert!(accounts.delete(user, deletion.clone()).await.unwrap());
    }
    for _ in 0..2 {
        assert!(bans.lift(deletion.id, lift.clone()).await.unwrap());
    }
    admitted(store, guest.visit(10)).await;
    for _ in 0..2 {
        let audit = withdrawal.clone();
        let withdrawn = accounts.withdraw(app, open_id, &what, audit).await;
        assert!(withdrawn.unwrap());
    }
    let one = admitted(store, guest.visit(20)).await;
    for (second, ended) in [(30, true), (30, true), (31, false)] {
        let lifecycle = store.lifecycle();
        let end = lifecycle.end(one.user.id, one.session.id, at(second));
        assert_eq!(end.await.unwrap(), ended);
    }
    let all = store
        .audit()
        .search(&AuditQuery::default(), EVERYTHING)
        .await;
    assert_eq!(all.unwrap().len(), 4);
}

pub async fn after_a_deletion_the_next_login_is_a_new_user(store: &dyn StoreUnderTest) {
    let guest = Guest::member("wx01", "o1").with_union_id("u1");
    let before = admitted(store, guest.visit_as(0, "Band")).await;
    assert!(store.delete(before.user.id).await);
    let visit = guest.visit(60);
    let after = admitted(store, visit.clone()).await;
    assert_eq!(after.user.id, visit.new_user_id);
    assert_eq!(after.user.profile.nick_name, None);
    assert!(is_first_visit(&after));
    let elsewhere = Guest::member("wx02", "o2").with_union_id("u1");
    let elsewhere = admitted(store, elsewhere.visit(70)).await;
    assert_eq!(elsewhere.user.id, after.user.id);
}

pub async fn a_deletion_at_the_moment_of_logins_leaves_no_strays(store: &dyn StoreUnderTest) {
    let replica = store.replica();
    for round in 0..15 {
        let union_id = format!("u{round}");
        let member = |app: &str| {
            let guest = Guest::member(app, &format!("o{round}"));
            guest.with_union_id(&union_id)
        };
        let old = admitted(store, member("wx01").visit(0)).await.user.id;
        let visits = ["wx01", "wx02", "wx01", "wx03", "wx01", "wx02"];
        let visits = visits.map(|app| member(app).visit_as(10, app));
        let (outcomes, deleted) = join(at_once(store, visits.to_vec()), replica.delete(old)).await;
        assert!(deleted);
        // Who logged in before the deletion has gone with it; who did after is one new user.
        let new = admitted(store, member("wx01").visit(20)).await.user.id;
        assert_ne!(new, old);
        for account in outcomes.into_iter().map(account) {
            let found = store.session(account.session.id).await;
            let expected = (account.user.id != old).then_some(new);
            assert_eq!(found.map(|found| found.user.id), expected);
        }
        let query = AccountQuery {
            open_id: Some(member("wx01").open_id().clone()),
            ..AccountQuery::default()
        };
        let page = Page::first(10);
        let left = store.accounts().search(&query, page).await.unwrap();
        assert_eq!(left.len(), 1);
    }
}
