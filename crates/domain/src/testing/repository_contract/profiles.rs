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
