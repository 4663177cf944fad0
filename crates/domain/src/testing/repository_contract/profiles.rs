//! Rules: what a visit teaches about the person.

use super::guest::named;
use super::{Guest, Store};
use crate::profile::{Gender, Profile, ProfileReport};

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

pub async fn an_anonymous_report_does_not_replace_a_stored_nickname(store: &Store) {
    let guest = Guest::new("wx01", "o1");
    store.admit(guest.visit_as(0, "Band")).await;
    let mut visit = guest.visit(60);
    visit.reports.push(ProfileReport {
        is_anonymous: true,
        ..named(ProfileReport::ANONYMOUS_NICK_NAME)
    });
    let account = store.admit(visit).await;
    assert_eq!(account.user.profile.nick_name.as_deref(), Some("Band"));
}

pub async fn a_visit_without_a_report_leaves_the_profile_alone(store: &Store) {
    let guest = Guest::new("wx01", "o1");
    store.admit(guest.visit_as(0, "Band")).await;
    let account = store.log_in(&guest, 60).await;
    assert_eq!(account.user.profile.nick_name.as_deref(), Some("Band"));
}

/// PostgreSQL stores no NUL character.
pub async fn a_nul_character_does_no_harm(store: &Store) {
    let visit = Guest::new("wx01", "o1").visit_as(0, "Ba\0nd");
    let account = store.admit(visit).await;
    assert_eq!(account.user.profile.nick_name.as_deref(), Some("Band"));
}
