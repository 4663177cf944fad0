//! Rules: deleting accounts, and shutting users out.

use futures_util::future::join;

use super::guest::at;
use super::{EVERYTHING, Guest, Store, admit_at_once, at_once, entry, entry_at};
use crate::account::{AccountQuery, Page, Withdrawal};
use crate::audit::{AuditAction, AuditQuery};
use crate::visit::{VisitOutcome, is_first_visit};

pub async fn a_deleted_user_leaves_nothing_behind(store: &Store) {
    let guest = Guest::member("wx01", "o1");
    let own = store.log_in(&guest, 0).await;
    let other = store.user(&Guest::known("wx02", "o2", "u1"), 0).await;
    store.log_in(&guest.clone().with_union_id("u1"), 10).await;

    let user = own.user.id;
    assert!(store.delete(user).await);
    assert!(!store.delete(user).await);
    assert_eq!(store.account(user).await, None);
    assert_eq!(store.accounts().export(user).await.unwrap(), None);
    assert_eq!(store.session(own.session.id).await, None);
    assert!(store.live(user, 10).await.is_empty());
    assert!(store.keys_of(&guest).await.is_empty());
    assert!(store.merge_candidates().await.is_empty());
    assert!(store.account(other).await.is_some());
}

pub async fn a_deed_that_is_repeated_is_told_as_done(store: &Store) {
    let guest = Guest::new("wx01", "o1");
    let (accounts, bans) = (store.accounts(), store.bans());
    let user = store.user(&guest, 0).await;
    store.disable(user, at(5)).await;
    let deletion = entry(AuditAction::DeleteUser, Some(user));
    let lift = entry(AuditAction::LiftBan, None);
    let withdrawal = entry(AuditAction::Withdraw, None);
    // The answer to the first is lost, as it were.
    for _ in 0..2 {
        assert!(accounts.delete(user, deletion.clone()).await.unwrap());
    }
    for _ in 0..2 {
        assert!(bans.lift(deletion.id, lift.clone()).await.unwrap());
    }
    store.log_in(&guest, 10).await;
    for _ in 0..2 {
        let what = [Withdrawal::Identity];
        assert!(store.withdraw_by(&guest, &what, withdrawal.clone()).await);
    }
    let one = store.log_in(&guest, 20).await;
    for (second, ended) in [(30, true), (30, true), (31, false)] {
        let lifecycle = store.lifecycle();
        let end = lifecycle.end(one.user.id, one.session.id, at(second));
        assert_eq!(end.await.unwrap(), ended);
    }
    let (audit, query) = (store.audit(), AuditQuery::default());
    let all = audit.search(&query, EVERYTHING).await.unwrap();
    assert_eq!(all.len(), 4);
}

pub async fn after_a_deletion_the_next_login_is_a_new_user(store: &Store) {
    let guest = Guest::known("wx01", "o1", "u1");
    let before = store.admit(guest.visit_as(0, "Band")).await;
    assert!(store.delete(before.user.id).await);
    let after = store.admit_new(guest.visit(60)).await;
    assert_eq!(after.user.profile.nick_name, None);
    assert!(is_first_visit(&after));
    let elsewhere = Guest::known("wx02", "o2", "u1");
    assert_eq!(store.user(&elsewhere, 70).await, after.user.id);
}

pub async fn a_deletion_at_the_moment_of_logins_leaves_no_strays(store: &Store) {
    let replica = store.replica();
    for round in 0..15 {
        let (open_id, union_id) = (format!("o{round}"), format!("u{round}"));
        let member = |app: &str| Guest::known(app, &open_id, &union_id);
        let old = store.user(&member("wx01"), 0).await;
        let visits = ["wx01", "wx02", "wx01", "wx03", "wx01", "wx02"];
        let visits = visits.map(|app| member(app).visit_as(10, app)).to_vec();
        let (accounts, deleted) = join(admit_at_once(store, visits), replica.delete(old)).await;
        assert!(deleted);
        // Who logged in before the deletion has gone with it; who did after is one new user.
        let new = store.user(&member("wx01"), 20).await;
        assert_ne!(new, old);
        for account in accounts {
            let found = store.session(account.session.id).await;
            let expected = (account.user.id != old).then_some(new);
            assert_eq!(found.map(|found| found.user.id), expected);
        }
        let query = AccountQuery {
            open_id: Some(member("wx01").open_id().clone()),
            ..AccountQuery::default()
        };
        let left = store.accounts().search(&query, Page::first(10)).await;
        assert_eq!(left.unwrap().len(), 1);
    }
}

pub async fn a_disabled_user_stays_so_since_when_they_were(store: &Store) {
    let guest = Guest::new("wx01", "o1");
    let visitor = store.log_in(&guest, 0).await;
    let (accounts, user) = (store.accounts(), visitor.user.id);
    for (disabled_at, expected) in [
        (Some(10), Some(10)),
        (Some(20), Some(10)),
        (None, None),
        (Some(30), Some(30)),
        (None, None),
    ] {
        let second = disabled_at.unwrap_or_default();
        let audit = entry_at(AuditAction::DisableUser, Some(user), second);
        let account = accounts.set_disabled(user, disabled_at.is_some(), audit);
        let account = account.await;
        assert_eq!(account.unwrap().unwrap().user.disabled_at, expected.map(at));
    }
    let session = store.session(visitor.session.id).await;
    assert_eq!(session.unwrap().session.ended_at, Some(at(10)));
    assert_eq!(store.user(&guest, 40).await, user);
    assert_eq!(store.export(user).await.audit.len(), 5);
}

pub async fn no_session_survives_disabling_at_the_moment_of_logins(store: &Store) {
    let replica = store.replica();
    for round in 0..15 {
        let guest = Guest::new("wx01", &format!("o{round}"));
        let user = store.user(&guest, 0).await;
        let visits = (0..6).map(|second| guest.visit_as(second, &second.to_string()));
        let logins = at_once(store, visits.collect());
        let (outcomes, ()) = join(logins, replica.disable(user, at(10))).await;
        for outcome in outcomes {
            if let VisitOutcome::Recorded { account, .. } = outcome.unwrap() {
                let found = store.session(account.session.id).await;
                assert_eq!(found.unwrap().session.ended_at, Some(at(10)));
            }
        }
        assert!(store.live(user, 11).await.is_empty());
        assert!(store.is_refused(guest.visit(20)).await);
    }
}

pub async fn ending_sessions_on_the_operators_word_counts_the_live_ones(store: &Store) {
    let guest = Guest::new("wx01", "o1");
    store.log_in(&guest, 0).await;
    let user = store.user(&guest, 1).await;
    let accounts = store.accounts();
    for expected in [2, 0] {
        let audit = entry_at(AuditAction::EndSessions, Some(user), 10);
        let ended = accounts.end_sessions(user, audit).await;
        assert_eq!(ended.unwrap(), Some(expected));
    }
    assert_eq!(store.export(user).await.audit.len(), 2);
}
