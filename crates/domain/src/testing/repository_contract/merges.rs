//! Rules: two users who are one person.

use std::collections::BTreeSet;

use futures_util::future::join;
use uuid::Uuid;

use super::guest::at;
use super::{Guest, PHONE, Store, admit_at_once, entry, pages};
use crate::audit::AuditAction;
use crate::id::UserId;
use crate::ports::{MergeCandidate, MergeOutcome};
use crate::profile::{Edit, ProfileEdit};
use crate::session::SessionAccount;

/// Two users and their candidate: who goes, and who stays.
async fn pair(store: &Store, name: &str) -> (SessionAccount, SessionAccount, MergeCandidate) {
    let guest = Guest::member("wx01", name);
    let goes = store.log_in(&guest, 0).await;
    let stays = store.log_in(&Guest::known("wx02", name, name), 0).await;
    store.log_in(&guest.with_union_id(name), 10).await;
    let open = store.open_candidates().await;
    let candidate = open.into_iter().find(|open| open.user_id == goes.user.id);
    (goes, stays, candidate.unwrap())
}

async fn apply(store: &Store, id: Uuid) -> Option<UserId> {
    match store.merge(id, 20).await {
        MergeOutcome::Applied(user) => Some(user),
        MergeOutcome::OneIsDisabled | MergeOutcome::NotOpen => None,
    }
}

/// Whether these are the pairs of the candidates, in any order.
async fn are_candidates(store: &Store, pairs: impl Into<BTreeSet<(UserId, UserId)>>) {
    let open = store.merge_candidates().await;
    let (count, found) = (open.len(), BTreeSet::from_iter(open));
    assert_eq!((found.len(), found), (count, pairs.into()));
}

pub async fn an_applied_merge_makes_two_users_one(store: &Store) {
    let (goes, stays, candidate) = pair(store, "p").await;
    let (gone, user) = (goes.user.id, stays.user.id);
    assert_eq!(candidate.union_user_id, user);
    assert_eq!(candidate.created_at, at(10));
    let accounts = store.accounts();
    let named = |nick_name: &str, city| ProfileEdit {
        nick_name: Edit::Set(nick_name.to_owned()),
        city,
        ..ProfileEdit::default()
    };
    let goes_as = named("Goes", Edit::Set(String::from("广州")));
    accounts.edit_profile(gone, goes_as).await.unwrap();
    let stays_as = named("Stays", Edit::Keep);
    accounts.edit_profile(user, stays_as).await.unwrap();
    accounts.set_phone(gone, PHONE).await.unwrap();

    assert_eq!(apply(store, candidate.id).await, Some(user));
    assert_eq!(apply(store, candidate.id).await, None);
    assert_eq!(store.account(gone).await, None);
    let one = store.account(user).await.unwrap();
    assert_eq!(one.identities.len(), 2);
    assert_eq!(one.user.profile.nick_name.as_deref(), Some("Stays"));
    assert_eq!(one.user.profile.city.as_deref(), Some("广州"));
    assert_eq!(one.user.phone.as_deref(), Some(PHONE));
    assert_eq!(one.user.last_login_at, at(10));

    assert_eq!(store.live_ids(user, 30).await, [stays.session.id]);
    let guest = Guest::member("wx01", "p");
    assert_eq!(store.user(&guest, 30).await, user);
    let export = store.export(user).await;
    assert_eq!(export.sessions.len(), 4);
    assert_eq!(export.audit.len(), 1);
    assert!(export.merge_candidates.is_empty());
    assert_eq!(store.keys_of(&guest).await.len(), 3);
}

pub async fn an_applied_merge_sorts_out_the_other_candidates(store: &Store) {
    // a showed the unionids of b and c, and c that of b.
    let [a, b, c] = [("wx01", "a"), ("wx02", "b"), ("wx03", "c")];
    let [a, b, c] = [a, b, c].map(|(app, open_id)| Guest::member(app, open_id));
    let user_a = store.user(&a, 0).await;
    let user_b = store.user(&b.with_union_id("ub"), 0).await;
    let user_c = store.user(&c.clone().with_union_id("uc"), 0).await;
    store.log_in(&a.clone().with_union_id("ub"), 10).await;
    store.log_in(&a.with_union_id("uc"), 20).await;
    store.log_in(&c.with_union_id("ub"), 30).await;
    let pairs = [(user_a, user_b), (user_a, user_c), (user_c, user_b)];
    are_candidates(store, pairs).await;

    let mut open = store.open_candidates().await.into_iter();
    let first = open.find(|open| (open.user_id, open.union_user_id) == (user_a, user_b));
    assert_eq!(apply(store, first.unwrap().id).await, Some(user_b));
    are_candidates(store, [(user_b, user_c), (user_c, user_b)]).await;

    let open = store.open_candidates().await;
    assert!(apply(store, open[0].id).await.is_some());
    assert!(store.merge_candidates().await.is_empty());
    assert_eq!(apply(store, open[1].id).await, None);
}

pub async fn a_merge_at_the_moment_of_logins_leaves_one_user(store: &Store) {
    let replica = store.replica();
    for round in 0..15 {
        let name = format!("p{round}");
        let (goes, stays, candidate) = pair(store, &name).await;
        let visits = ["wx01", "wx02", "wx01", "wx03", "wx01"];
        let visits = visits.map(|app| Guest::known(app, &name, &name).visit_as(15, app));
        let logins = admit_at_once(store, visits.to_vec());
        let (accounts, merged) = join(logins, apply(&*replica, candidate.id)).await;
        assert_eq!(merged, Some(stays.user.id));
        for account in accounts {
            let found = store.session(account.session.id).await.unwrap();
            assert_eq!(found.user.id, stays.user.id);
            let was_before = account.user.id == goes.user.id;
            assert_eq!(found.session.ended_at.is_some(), was_before);
        }
        let user = store.account(stays.user.id).await;
        assert_eq!(user.unwrap().identities.len(), 3);
    }
}

pub async fn a_dismissed_merge_stays_dismissed(store: &Store) {
    let (goes, stays, candidate) = pair(store, "p").await;
    let (_, _, second) = pair(store, "q").await;
    let merges = store.merges();
    let list = async |page| merges.open_candidates(page).await.unwrap();
    let all = pages(1, |candidate| candidate.id, list).await;
    assert_eq!(all, [candidate.clone(), second.clone()]);

    let dismiss = |id| merges.dismiss(id, entry(AuditAction::DismissMerge, None));
    assert!(dismiss(candidate.id).await.unwrap());
    assert!(!dismiss(candidate.id).await.unwrap());
    assert!(!dismiss(Uuid::now_v7()).await.unwrap());
    assert_eq!(apply(store, candidate.id).await, None);
    store.log_in(&Guest::known("wx01", "p", "p"), 30).await;
    assert_eq!(store.open_candidates().await, [second]);
    for user in [goes.user.id, stays.user.id] {
        assert!(store.account(user).await.is_some());
    }
}

pub async fn a_disabled_and_an_enabled_user_are_not_merged(store: &Store) {
    for (name, who) in [("p", 0), ("q", 1)] {
        let (goes, stays, candidate) = pair(store, name).await;
        let users = [goes.user.id, stays.user.id];
        store.disable(users[who], at(15)).await;
        let refused = store.merge(candidate.id, 20).await;
        assert_eq!(refused, MergeOutcome::OneIsDisabled);
        let mut open = store.open_candidates().await.into_iter();
        let open = open.find(|open| open.id == candidate.id).unwrap();
        let since = [open.user_disabled_at, open.union_user_disabled_at];
        assert_eq!((since[who], since[1 - who]), (Some(at(15)), None));
        for user in users {
            assert!(store.account(user).await.is_some());
        }

        store.disable(users[1 - who], at(16)).await;
        assert_eq!(apply(store, candidate.id).await, Some(users[1]));
        let one = store.account(users[1]).await.unwrap();
        assert!(one.user.disabled_at.is_some());
        for app in ["wx01", "wx02"] {
            assert!(store.is_refused(Guest::member(app, name).visit(30)).await);
        }
    }
}

pub async fn a_decision_that_is_repeated_is_told_again(store: &Store) {
    let (_, stays, candidate) = pair(store, "p").await;
    let (_, _, second) = pair(store, "q").await;
    let merges = store.merges();
    let applied = entry(AuditAction::ApplyMerge, None);
    let dismissed = entry(AuditAction::DismissMerge, None);
    // The answer to the first is lost, as it were.
    for _ in 0..2 {
        let outcome = merges.apply(candidate.id, applied.clone()).await;
        assert_eq!(outcome.unwrap(), MergeOutcome::Applied(stays.user.id));
        let outcome = merges.dismiss(second.id, dismissed.clone()).await;
        assert!(outcome.unwrap());
    }
}
