//! Rules: one person in several apps.

use super::guest::at;
use super::{Guest, StoreUnderTest, account, admitted, at_once};
use crate::id::UnionId;
use crate::visit::{VisitOutcome, is_first_visit};

pub async fn a_new_identity_with_a_known_unionid_joins_its_user(store: &dyn StoreUnderTest) {
    let one = admitted(
        store,
        Guest::member("wx01", "o1")
            .with_union_id("u1")
            .visit_as(0, "Band"),
    )
    .await;
    let other = admitted(
        store,
        Guest::member("wx02", "o2").with_union_id("u1").visit(60),
    )
    .await;
    assert_eq!(other.user.id, one.user.id);
    assert_eq!(other.user.created_at, at(0));
    assert_eq!(other.user.profile.nick_name.as_deref(), Some("Band"));
    assert_eq!(other.identity.union_id, Some(UnionId::new("u1")));
    assert!(!is_first_visit(&other));
    assert!(store.merge_candidates().await.is_empty());
}

pub async fn first_visits_of_one_unionid_in_two_apps_at_once_make_one_user(
    store: &dyn StoreUnderTest,
) {
    for round in 0..8 {
        let union_id = format!("u{round}");
        let open_id = format!("o{round}");
        let visits = ["wx01", "wx02", "wx03", "wx04"].map(|app| {
            Guest::member(app, &open_id)
                .with_union_id(&union_id)
                .visit(0)
        });
        let accounts = at_once(store, visits.to_vec())
            .await
            .into_iter()
            .map(account);
        let mut users: Vec<_> = accounts.map(|account| account.user.id).collect();
        users.sort();
        users.dedup();
        assert_eq!(users.len(), 1, "{union_id}");
    }
    assert!(store.merge_candidates().await.is_empty());
}

pub async fn one_unionid_in_two_open_platform_accounts_is_two_users(store: &dyn StoreUnderTest) {
    let main = Guest::member("wx01", "o1").with_union_id("u1");
    let other = Guest::new("wx02", "o2")
        .in_account("other")
        .with_union_id("u1");
    let one = admitted(store, main.visit(0)).await;
    let other = admitted(store, other.visit(0)).await;
    assert_ne!(one.user.id, other.user.id);
}

pub async fn without_an_open_platform_account_a_unionid_joins_no_users(store: &dyn StoreUnderTest) {
    let one = admitted(store, Guest::new("wx01", "o1").with_union_id("u1").visit(0)).await;
    let other = admitted(store, Guest::new("wx02", "o2").with_union_id("u1").visit(0)).await;
    assert_ne!(one.user.id, other.user.id);
    assert_eq!(other.identity.union_id, Some(UnionId::new("u1")));
    assert!(store.merge_candidates().await.is_empty());
}

pub async fn a_unionid_that_shows_up_later_is_added_to_the_identity(store: &dyn StoreUnderTest) {
    let guest = Guest::member("wx01", "o1");
    let before = admitted(store, guest.visit(0)).await;
    assert_eq!(before.identity.union_id, None);
    let after = admitted(store, guest.clone().with_union_id("u1").visit(60)).await;
    assert_eq!(after.user.id, before.user.id);
    assert_eq!(after.identity.union_id, Some(UnionId::new("u1")));
    // A login that does not tell it does not take it away.
    let later = admitted(store, guest.visit(120)).await;
    assert_eq!(later.identity.union_id, Some(UnionId::new("u1")));

    let elsewhere = admitted(
        store,
        Guest::member("wx02", "o2").with_union_id("u1").visit(180),
    )
    .await;
    assert_eq!(elsewhere.user.id, before.user.id);
}

pub async fn a_late_unionid_of_another_user_joins_no_users_and_is_noted_once(
    store: &dyn StoreUnderTest,
) {
    let guest = Guest::member("wx01", "o1");
    let own = admitted(store, guest.visit(0)).await;
    let other = admitted(
        store,
        Guest::member("wx02", "o2").with_union_id("u1").visit(0),
    )
    .await;
    assert_ne!(own.user.id, other.user.id);

    let guest = guest.with_union_id("u1");
    for second in [60, 120] {
        let account = admitted(store, guest.visit(second)).await;
        assert_eq!(account.user.id, own.user.id);
        assert_eq!(account.identity.union_id, Some(UnionId::new("u1")));
    }
    assert_eq!(
        store.merge_candidates().await,
        [(own.user.id, other.user.id)]
    );
    // The unionid stays with whom it has been.
    let third = admitted(
        store,
        Guest::member("wx03", "o3").with_union_id("u1").visit(180),
    )
    .await;
    assert_eq!(third.user.id, other.user.id);
}

pub async fn a_unionid_is_linked_as_soon_as_its_account_is_named(store: &dyn StoreUnderTest) {
    let unnamed = Guest::new("wx01", "o1").with_union_id("u1");
    let one = admitted(store, unnamed.visit(0)).await;
    admitted(store, unnamed.in_account("main").visit(60)).await;
    let other = admitted(
        store,
        Guest::member("wx02", "o2").with_union_id("u1").visit(120),
    )
    .await;
    assert_eq!(other.user.id, one.user.id);
}

pub async fn a_new_identity_of_a_disabled_user_is_not_stored(store: &dyn StoreUnderTest) {
    let one = admitted(
        store,
        Guest::member("wx01", "o1").with_union_id("u1").visit(0),
    )
    .await;
    store.disable(one.user.id, at(10)).await;
    let guest = Guest::member("wx02", "o2");
    let refused = guest.clone().with_union_id("u1").visit(60);
    let outcome = store.users().record_visit(refused).await;
    assert!(
        matches!(outcome, Ok(VisitOutcome::UserDisabled)),
        "{outcome:?}"
    );
    assert!(
        store
            .session_keys(guest.app_id(), guest.open_id())
            .await
            .is_empty()
    );
    // Nothing was stored, so without the unionid it is somebody new.
    let visit = guest.visit(120);
    let account = admitted(store, visit.clone()).await;
    assert_eq!(account.user.id, visit.new_user_id);
}

pub async fn users_of_two_apps_share_the_time_of_their_last_login(store: &dyn StoreUnderTest) {
    let one = Guest::member("wx01", "o1").with_union_id("u1");
    let other = Guest::member("wx02", "o2").with_union_id("u1");
    let first = admitted(store, one.visit(0)).await;
    admitted(store, other.visit(60)).await;
    let seen = store.session(first.session.id).await;
    assert_eq!(seen.map(|account| account.user.last_login_at), Some(at(60)));
    let late = admitted(store, one.visit(30)).await;
    assert_eq!(late.user.last_login_at, at(60));
}

pub async fn a_freed_unionid_goes_to_those_who_show_it(store: &dyn StoreUnderTest) {
    // Three users of one person: the first has the unionid, the others showed it later.
    let guests = ["wx01", "wx02", "wx03"].map(|app| Guest::member(app, "o"));
    let mut users = Vec::new();
    for guest in &guests {
        users.push(admitted(store, guest.visit(0)).await.user.id);
    }
    for (guest, second) in guests.iter().zip([10, 20, 30]) {
        admitted(store, guest.clone().with_union_id("u1").visit(second)).await;
    }
    // Elsewhere the same unionid is another person's.
    let stranger = Guest::new("wx09", "o9")
        .in_account("other")
        .with_union_id("u1");
    admitted(store, stranger.visit(0)).await;
    store.disable(users[1], at(35)).await;

    // Enabled users come first.
    assert!(store.delete(users[0]).await);
    assert_eq!(store.merge_candidates().await, [(users[1], users[2])]);
    let back = admitted(store, guests[0].clone().with_union_id("u1").visit(40)).await;
    assert_eq!(back.user.id, users[2]);

    assert!(store.delete(users[2]).await);
    assert!(store.merge_candidates().await.is_empty());
    let visit = guests[0].clone().with_union_id("u1").visit(50);
    let outcome = store.users().record_visit(visit).await;
    assert_eq!(outcome.unwrap(), VisitOutcome::UserDisabled);
}
