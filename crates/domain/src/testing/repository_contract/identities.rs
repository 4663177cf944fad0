//! Rules: who a visitor is, what a visit teaches about the person, and that it is recorded whole or not at all.

use super::guest::{at, named};
use super::{Guest, Store, admit_at_once, at_once};
use crate::ports::RepositoryError;
use crate::profile::{Gender, Profile, ProfileReport};
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
    let accounts = admit_at_once(store, visits).await;
    let user = store.user(&guest, 100).await;
    for account in accounts {
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

pub async fn the_user_learns_the_reports_in_their_order(store: &Store) {
    let guest = Guest::new("wx01", "o1");
    let full = Profile {
        nick_name: Some("Band".to_owned()),
        avatar_url: Some("https://wx.qlogo.cn/0".to_owned()),
        gender: Some(Gender::Female),
        language: Some("zh_CN".to_owned()),
        country: Some("中国".to_owned()),
        province: Some("广东".to_owned()),
        city: Some("广州 🌸".to_owned()),
    };
    let mut visit = guest.visit(0);
    visit.reports = vec![
        named("Earlier"),
        ProfileReport {
            profile: full.clone(),
            is_anonymous: false,
        },
    ];
    let first = store.admit(visit).await;
    assert_eq!(first.user.profile, full);

    let second = store.admit(guest.visit_as(60, "Later")).await;
    let expected = Profile {
        nick_name: Some("Later".to_owned()),
        ..full
    };
    assert_eq!(second.user.profile, expected);
    let found = store.session(first.session.id).await;
    assert_eq!(found.map(|account| account.user.profile), Some(expected));
}

pub async fn a_nickname_stays_until_a_real_one_is_told(store: &Store) {
    let guest = Guest::new("wx01", "o1");
    let anonymous = ProfileReport {
        is_anonymous: true,
        ..named(ProfileReport::ANONYMOUS_NICK_NAME)
    };
    // PostgreSQL stores no NUL character.
    for (report, expected) in [
        (Some(named("Ba\0nd")), "Band"),
        (Some(anonymous), "Band"),
        (None, "Band"),
        (Some(named("Later")), "Later"),
    ] {
        let mut visit = guest.visit(0);
        visit.reports.extend(report);
        let account = store.admit(visit).await;
        assert_eq!(account.user.profile.nick_name.as_deref(), Some(expected));
    }
}

pub async fn a_code_that_wechat_takes_twice_opens_two_sessions(store: &Store) {
    let guest = Guest::new("wx01", "o1");
    let first = guest.visit(0);
    let mut again = guest.visit(1);
    again.session.sent = first.session.sent;
    let expected = [first.session.id, again.session.id];
    let accounts = admit_at_once(store, vec![first, again]).await.into_iter();
    assert!(accounts.map(|account| account.session.id).eq(expected));
}

pub async fn a_visit_that_fails_leaves_nothing_behind(store: &Store) {
    let used = Guest::new("wx01", "o1").visit(0);
    store.admit(used.clone()).await;

    let guest = Guest::member("wx01", "o2");
    let mut failing = guest.clone().with_union_id("u1").visit_as(0, "Band");
    failing.session.id = used.session.id;
    let outcome = store.users().record_visit(failing).await;
    let is_internal = matches!(outcome, Err(RepositoryError::Internal(_)));
    assert!(is_internal, "{outcome:?}");

    let found = store.session(used.session.id).await.unwrap();
    assert_eq!(found.identity.open_id, used.open_id);
    assert!(store.keys_of(&guest).await.is_empty());
    store.admit_new(guest.visit(60)).await;
    let other = Guest::known("wx02", "o3", "u1");
    store.admit_new(other.visit(60)).await;
}

pub async fn a_visit_that_fails_fails_alone(store: &Store) {
    let used = store.log_in(&Guest::new("wx01", "o1"), 0).await.session.id;
    let visit = |number| Guest::new("wx01", &format!("o{}", number % 30)).visit(number);
    let mut visits: Vec<_> = (0..40).map(visit).collect();
    for failing in visits.iter_mut().skip(7).step_by(13) {
        failing.session.id = used;
    }
    let expected = visits.iter().map(|visit| visit.session.id != used);
    let expected: Vec<_> = expected.collect();
    let outcomes = at_once(store, visits).await;
    let recorded: Vec<_> = outcomes.iter().map(Result::is_ok).collect();
    assert_eq!(recorded, expected);
}

pub async fn many_visits_at_once_are_all_recorded(store: &Store) {
    // Users come several times, in several apps, with and without their unionid.
    let visits = (0..300_i64).map(|number| {
        let person = number % 60;
        let mut guest = Guest::member(&format!("wx0{}", number % 4), &format!("o{person}"));
        if number % 3 != 0 {
            guest = guest.with_union_id(&format!("u{person}"));
        }
        guest.visit_as(number, &format!("Name {number}"))
    });
    for recorded in admit_at_once(store, visits.collect()).await {
        let found = store.session(recorded.session.id).await;
        let found = found.map(|account| (account.session, account.user.id));
        assert_eq!(found, Some((recorded.session, recorded.user.id)));
    }
}
