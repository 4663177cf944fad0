//! Rules: two users who are one person.

use futures_util::future::join;
use uuid::Uuid;

use super::guest::at;
use super::{ALL, Guest, StoreUnderTest, account, admitted, at_once, entry};
use crate::account::Page;
use crate::audit::AuditAction;
use crate::id::UserId;
use crate::ports::{MergeCandidate, MergeOutcome};
use crate::profile::{Edit, ProfileEdit};
use crate::session::SessionAccount;
use crate::visit::VisitOutcome;

/// Two users and their candidate: who goes, and who stays.
async fn pair(
    store: &dyn StoreUnderTest,
    name: &str,
) -> (SessionAccount, SessionAccount, MergeCandidate) {
    let guest = Guest::member("wx01", name);
    let goes = admitted(store, guest.visit(0)).await;
    let stays = Guest::member("wx02", name).with_union_id(name).visit(0);
    let stays = admitted(store, stays).await;
    admitted(store, guest.with_union_id(name).visit(10)).await;
    let open = store.open_candidates().await;
    let candidate = open.into_iter().find(|open| open.user_id == goes.user.id);
    (goes, stays, candidate.unwrap())
}

async fn decide(store: &dyn StoreUnderTest, id: Uuid) -> MergeOutcome {
    let audit = entry(AuditAction::ApplyMerge, None);
    store.merges().apply(id, at(20), audit).await.unwrap()
}

async fn apply(store: &dyn StoreUnderTest, id: Uuid) -> Option<UserId> {
    match decide(store, id).await {
        MergeOutcome::Applied(user) => Some(user),
        MergeOutcome::OneIsDisabled | MergeOutcome::NotOpen => None,
    }
}

pub async fn an_applied_merge_makes_two_users_one(store: &dyn StoreUnderTest) {
    let (goes, stays, candidate) = pair(store, "p").await;
    assert_eq!(candidate.union_user_id, stays.user.id);
    assert_eq!(candidate.created_at, at(10));
    let accounts = store.accounts();
    let named = |nick_name: &str, city: Option<&str>| ProfileEdit {
        nick_name: Edit::Set(nick_name.to_owned()),
        city: city.map_or(Edit::Keep, |city| Edit::Set(city.to_owned())),
        ..ProfileEdit::default()
    };
    let edits = [
        (&goes, named("Goes", Some("广州"))),
        (&stays, named("Stays", None)),
    ];
    for (of, edit) in edits {
        accounts.edit_profile(of.user.id, edit).await.unwrap();
    }
    accounts
        .set_phone(goes.user.id, "+8613580006666")
        .await
        .unwrap();

    assert_eq!(apply(store, candidate.id).await, Some(stays.user.id));
    assert_eq!(apply(store, candidate.id).await, None);
    assert_eq!(store.account(goes.user.id).await, None);
    let one = store.account(stays.user.id).await.unwrap();
    assert_eq!(one.identities.len(), 2);
    assert_eq!(one.user.profile.nick_name.as_deref(), Some("Stays"));
    assert_eq!(one.user.profile.city.as_deref(), Some("广州"));
    assert_eq!(one.user.phone.as_deref(), Some("+8613580006666"));
    assert_eq!(one.user.last_login_at, at(10));

    let live = store
        .lifecycle()
        .list(stays.user.id, at(30), ALL)
        .await
        .unwrap();
    let live: Vec<_> = live.iter().map(|listed| listed.session.id).collect();
    assert_eq!(live, [stays.session.id]);
    let again = admitted(store, Guest::member("wx01", "p").visit(30)).await;
    assert_eq!(again.user.id, stays.user.id);
    let export = store.export(stays.user.id).await;
    assert_eq!(export.sessions.len(), 4);
    assert_eq!(export.audit.len(), 1);
    assert!(export.merge_candidates.is_empty());
    let keys = store
        .session_keys(&goes.identity.app_id, &goes.identity.open_id)
        .await;
    assert_eq!(keys.len(), 3);
}

pub async fn an_applied_merge_sorts_out_the_other_candidates(store: &dyn StoreUnderTest) {
    // a showed the unionids of b and c, and c that of b.
    let (a, b, c) = (
        Guest::member("wx01", "a"),
        Guest::member("wx02", "b"),
        Guest::member("wx03", "c"),
    );
    let user_a = admitted(store, a.visit(0)).await.user.id;
    let user_b = admitted(store, b.with_union_id("ub").visit(0))
        .await
        .user
        .id;
    let user_c = admitted(store, c.clone().with_union_id("uc").visit(0))
        .await
        .user
        .id;
    admitted(store, a.clone().with_union_id("ub").visit(10)).await;
    admitted(store, a.with_union_id("uc").visit(20)).await;
    admitted(store, c.with_union_id("ub").visit(30)).await;
    let mut pairs = store.merge_candidates().await;
    pairs.sort();
    let mut expected = vec![(user_a, user_b), (user_a, user_c), (user_c, user_b)];
    expected.sort();
    assert_eq!(pairs, expected);

    let open = store.open_candidates().await;
    let first = open
        .iter()
        .find(|open| open.union_user_id == user_b && open.user_id == user_a);
    assert_eq!(apply(store, first.unwrap().id).await, Some(user_b));
    let mut pairs = store.merge_candidates().await;
    pairs.sort();
    let mut expected = vec![(user_b, user_c), (user_c, user_b)];
    expected.sort();
    assert_eq!(pairs, expected);

    let open = store.open_candidates().await;
    assert!(apply(store, open[0].id).await.is_some());
    assert!(store.merge_candidates().await.is_empty());
    assert_eq!(apply(store, open[1].id).await, None);
}

pub async fn a_merge_at_the_moment_of_logins_leaves_one_user(store: &dyn StoreUnderTest) {
    let replica = store.replica();
    for round in 0..15 {
        let name = format!("p{round}");
        let (goes, stays, candidate) = pair(store, &name).await;
        let visits = ["wx01", "wx02", "wx01", "wx03", "wx01"];
        let visits = visits.map(|app| {
            Guest::member(app, &name)
                .with_union_id(&name)
                .visit_as(15, app)
        });
        let (outcomes, merged) = join(
            at_once(store, visits.to_vec()),
            apply(&*replica, candidate.id),
        )
        .await;
        assert_eq!(merged, Some(stays.user.id));
        for account in outcomes.into_iter().map(account) {
            let found = store.session(account.session.id).await;
            let found = found.unwrap();
            assert_eq!(found.user.id, stays.user.id);
            let was_before = account.user.id == goes.user.id;
            assert_eq!(found.session.ended_at.is_some(), was_before);
        }
        let user = store.account(stays.user.id).await;
        assert_eq!(user.unwrap().identities.len(), 3);
    }
}

pub async fn a_dismissed_merge_stays_dismissed(store: &dyn StoreUnderTest) {
    let (goes, stays, candidate) = pair(store, "p").await;
    let (_, _, second) = pair(store, "q").await;
    let merges = store.merges();
    let mut page = Page::first(1);
    let open = merges.open_candidates(page).await.unwrap();
    assert_eq!(open, std::slice::from_ref(&candidate));
    page.after = Some(candidate.id);
    let open = merges.open_candidates(page).await.unwrap();
    assert_eq!(open, std::slice::from_ref(&second));

    let dismiss = |id| merges.dismiss(id, at(20), entry(AuditAction::DismissMerge, None));
    assert!(dismiss(candidate.id).await.unwrap());
    assert!(!dismiss(candidate.id).await.unwrap());
    assert!(!dismiss(Uuid::now_v7()).await.unwrap());
    assert_eq!(apply(store, candidate.id).await, None);
    admitted(
        store,
        Guest::member("wx01", "p").with_union_id("p").visit(30),
    )
    .await;
    let open = store.open_candidates().await;
    assert_eq!(open, [second]);
    for user in [goes.user.id, stays.user.id] {
        assert!(store.account(user).await.is_some());
    }
}

pub async fn a_disabled_and_an_enabled_user_are_not_merged(store: &dyn StoreUnderTest) {
    for (name, who) in [("p", 0), ("q", 1)] {
        let (goes, stays, candidate) = pair(store, name).await;
        let users = [goes.user.id, stays.user.id];
        store.disable(users[who], at(15)).await;
        assert_eq!(
            decide(store, candidate.id).await,
            MergeOutcome::OneIsDisabled
        );
        let open = store.open_candidates().await;
        let open = open
            .into_iter()
            .find(|open| open.id == candidate.id)
            .unwrap();
        let since = [open.user_disabled_at, open.union_user_disabled_at];
        assert_eq!((since[who], since[1 - who]), (Some(at(15)), None));
        for user in users {
            assert!(store.account(user).await.is_some());
        }

        store.disable(users[1 - who], at(16)).await;
        assert_eq!(
            decide(store, candidate.id).await,
            MergeOutcome::Applied(users[1])
        );
        let one = store.account(users[1]).await.unwrap();
        assert!(one.user.disabled_at.is_some());
        for app in ["wx01", "wx02"] {
            let visit = Guest::member(app, name).visit(30);
            let refused = store.users().record_visit(visit).await.unwrap();
            assert_eq!(refused, VisitOutcome::UserDisabled);
        }
    }
}

pub async fn a_decision_that_is_repeated_is_told_again(store: &dyn StoreUnderTest) {
    let (_, stays, candidate) = pair(store, "p").await;
    let (_, _, second) = pair(store, "q").await;
    let merges = store.merges();
    let (applied, dismissed) = (
        entry(AuditAction::ApplyMerge, None),
        entry(AuditAction::DismissMerge, None),
    );
    // The answer to the first is lost, as it were.
    for _ in 0..2 {
        let outcome = merges.apply(candidate.id, at(20), applied.clone()).await;
        assert_eq!(outcome.unwrap(), MergeOutcome::Applied(stays.user.id));
        assert!(
            merges
                .dismiss(second.id, at(20), dismissed.clone())
                .await
                .unwrap()
        );
    }
}
