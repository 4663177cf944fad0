//! Rules: who a visitor is.

use super::guest::at;
use super::{Guest, StoreUnderTest, account, admitted, at_once};
use crate::session::Generation;
use crate::visit::{VisitOutcome, is_first_visit};

pub async fn a_first_visit_makes_a_user(store: &dyn StoreUnderTest) {
    let visit = Guest::new("wx01", "o1").visit(0);
    let account = admitted(store, visit.clone()).await;
    assert_eq!(account.user.id, visit.new_user_id);
    assert_eq!(account.user.created_at, visit.at);
    assert_eq!(account.user.last_login_at, visit.at);
    assert_eq!(account.user.disabled_at, None);
    assert_eq!(account.identity.app_id, visit.app.id);
    assert_eq!(account.identity.open_id, visit.open_id);
    assert_eq!(account.session.id, visit.session.id);
    assert_eq!(account.session.user_id, visit.new_user_id);
    assert_eq!(account.session.generation, Generation::FIRST);
    assert_eq!(account.session.created_at, visit.at);
    assert_eq!(account.session.expires_at, visit.session.expires_at);
    assert!(is_first_visit(&account));
}

pub async fn a_second_visit_finds_the_user(store: &dyn StoreUnderTest) {
    let guest = Guest::new("wx01", "o1");
    let first = admitted(store, guest.visit(0)).await;
    let second = admitted(store, guest.visit(60)).await;
    assert_eq!(second.user.id, first.user.id);
    assert_eq!(second.user.created_at, first.user.created_at);
    assert_eq!(second.user.last_login_at, at(60));
    assert_ne!(second.session.id, first.session.id);
    assert!(!is_first_visit(&second));
}

pub async fn one_openid_in_two_apps_is_two_users(store: &dyn StoreUnderTest) {
    let one = admitted(store, Guest::new("wx01", "o1").visit(0)).await;
    let other = admitted(store, Guest::new("wx02", "o1").visit(0)).await;
    assert_ne!(one.user.id, other.user.id);
}

pub async fn first_visits_of_one_openid_at_once_make_one_user(store: &dyn StoreUnderTest) {
    let guest = Guest::new("wx01", "o1");
    let visits = (0..32).map(|second| guest.visit(second)).collect();
    let accounts: Vec<_> = at_once(store, visits)
        .await
        .into_iter()
        .map(account)
        .collect();
    let user = admitted(store, guest.visit(100)).await.user.id;
    assert!(accounts.iter().all(|account| account.user.id == user));
    for account in accounts {
        let found = store.sessions().find(account.session.id).await;
        assert!(matches!(found, Ok(Some(_))), "{found:?}");
    }
}

pub async fn the_time_of_the_last_login_never_goes_back(store: &dyn StoreUnderTest) {
    let guest = Guest::new("wx01", "o1");
    admitted(store, guest.visit(60)).await;
    let late = admitted(store, guest.visit(30)).await;
    assert_eq!(late.user.last_login_at, at(60));
    assert_eq!(late.session.created_at, at(30));
}

pub async fn a_disabled_user_is_told_so_and_nothing_is_stored(store: &dyn StoreUnderTest) {
    let guest = Guest::new("wx01", "o1");
    let first = admitted(store, guest.visit_as(0, "Band")).await;
    store.disable(first.user.id, at(10)).await;

    let refused = guest.visit_as(60, "Other").clone();
    let outcome = store.users().record_visit(refused.clone()).await;
    assert!(
        matches!(outcome, Ok(VisitOutcome::UserDisabled)),
        "{outcome:?}"
    );

    let found = store.sessions().find(refused.session.id).await;
    assert!(matches!(found, Ok(None)), "{found:?}");
    let keys = store.session_keys(guest.app_id(), guest.open_id()).await;
    assert_eq!(keys.len(), 1);
    let before = store.session(first.session.id).await;
    let user = before.map(|account| account.user);
    assert_eq!(user.as_ref().map(|user| user.last_login_at), Some(at(0)));
    assert_eq!(
        user.as_ref().and_then(|user| user.disabled_at),
        Some(at(10))
    );
    let nick_name = user.and_then(|user| user.profile.nick_name);
    assert_eq!(nick_name.as_deref(), Some("Band"));
}
