//! Rules: who a visitor is.

use super::guest::at;
use super::{Guest, Store, account, at_once};
use crate::session::Generation;
use crate::visit::is_first_visit;

pub async fn a_first_visit_makes_a_user(store: &Store) {
    let visit = Guest::new("wx01", "o1").visit(0);
    let account = store.admit_new(visit.clone()).await;
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

pub async fn a_second_visit_finds_the_user(store: &Store) {
    let guest = Guest::new("wx01", "o1");
    let first = store.log_in(&guest, 0).await;
    let second = store.log_in(&guest, 60).await;
    assert_eq!(second.user.id, first.user.id);
    assert_eq!(second.user.created_at, first.user.created_at);
    assert_eq!(second.user.last_login_at, at(60));
    assert_ne!(second.session.id, first.session.id);
    assert!(!is_first_visit(&second));
}

pub async fn one_openid_in_two_apps_is_two_users(store: &Store) {
    let one = store.user(&Guest::new("wx01", "o1"), 0).await;
    assert_ne!(store.user(&Guest::new("wx02", "o1"), 0).await, one);
}

pub async fn first_visits_of_one_openid_at_once_make_one_user(store: &Store) {
    let guest = Guest::new("wx01", "o1");
    let visits = (0..32).map(|second| guest.visit(second)).collect();
    let outcomes = at_once(store, visits).await;
    let user = store.user(&guest, 100).await;
    for account in outcomes.into_iter().map(account) {
        assert_eq!(account.user.id, user);
        assert!(store.session(account.session.id).await.is_some());
    }
}

pub async fn the_time_of_the_last_login_never_goes_back(store: &Store) {
    let guest = Guest::new("wx01", "o1");
    store.log_in(&guest, 60).await;
    let late = store.log_in(&guest, 30).await;
    assert_eq!(late.user.last_login_at, at(60));
    assert_eq!(late.session.created_at, at(30));
}

pub async fn a_disabled_user_is_told_so_and_nothing_is_stored(store: &Store) {
    let guest = Guest::new("wx01", "o1");
    let first = store.admit(guest.visit_as(0, "Band")).await;
    store.disable(first.user.id, at(10)).await;

    let refused = guest.visit_as(60, "Other");
    let session = refused.session.id;
    assert!(store.is_refused(refused).await);
    assert_eq!(store.session(session).await, None);
    assert_eq!(store.keys_of(&guest).await.len(), 1);
    let user = store.session(first.session.id).await.unwrap().user;
    assert_eq!(user.last_login_at, at(0));
    assert_eq!(user.disabled_at, Some(at(10)));
    assert_eq!(user.profile.nick_name.as_deref(), Some("Band"));
}
