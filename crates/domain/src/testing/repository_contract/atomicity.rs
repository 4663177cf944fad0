//! Rules: all or nothing, and each for itself.

use super::{Guest, StoreUnderTest, account, admitted, at_once};
use crate::ports::RepositoryError;

pub async fn a_code_that_wechat_takes_twice_opens_two_sessions(store: &dyn StoreUnderTest) {
    let guest = Guest::new("wx01", "o1");
    let first = guest.visit(0);
    let mut again = guest.visit(1);
    again.session.sent = first.session.sent;
    let accounts = at_once(store, vec![first.clone(), again.clone()]).await;
    let sessions: Vec<_> = accounts
        .into_iter()
        .map(|outcome| account(outcome).session.id)
        .collect();
    assert_eq!(sessions, [first.session.id, again.session.id]);
}

pub async fn a_visit_that_fails_leaves_nothing_behind(store: &dyn StoreUnderTest) {
    let used = Guest::new("wx01", "o1").visit(0);
    admitted(store, used.clone()).await;

    let guest = Guest::member("wx01", "o2");
    let mut failing = guest.clone().with_union_id("u1").visit_as(0, "Band");
    failing.session.id = used.session.id;
    let outcome = store.users().record_visit(failing.clone()).await;
    assert!(
        matches!(outcome, Err(RepositoryError::Internal(_))),
        "{outcome:?}"
    );

    let session = store.sessions().find(failing.session.id).await;
    let openid = session.ok().flatten().map(|found| found.identity.open_id);
    assert_eq!(openid, Some(used.open_id));
    assert!(
        store
            .session_keys(guest.app_id(), guest.open_id())
            .await
            .is_empty()
    );
    let visit = guest.visit(60);
    let account = admitted(store, visit.clone()).await;
    assert_eq!(account.user.id, visit.new_user_id);
    let elsewhere = Guest::member("wx02", "o3").with_union_id("u1");
    let visit = elsewhere.visit(60);
    let account = admitted(store, visit.clone()).await;
    assert_eq!(account.user.id, visit.new_user_id);
}

pub async fn a_visit_that_fails_fails_alone(store: &dyn StoreUnderTest) {
    let used = Guest::new("wx01", "o1").visit(0);
    admitted(store, used.clone()).await;

    let mut visits: Vec<_> = (0..40)
        .map(|number| Guest::new("wx01", &format!("o{}", number % 30)).visit(number))
        .collect();
    for failing in visits.iter_mut().skip(7).step_by(13) {
        failing.session.id = used.session.id;
    }
    let expected: Vec<_> = visits
        .iter()
        .map(|visit| visit.session.id != used.session.id)
        .collect();
    let outcomes = at_once(store, visits).await;
    let recorded: Vec<_> = outcomes.iter().map(Result::is_ok).collect();
    assert_eq!(recorded, expected);
}

pub async fn many_visits_at_once_are_all_recorded(store: &dyn StoreUnderTest) {
    // Users come several times, in several apps, with and without their unionid.
    let visits: Vec<_> = (0..300_i64)
        .map(|number| {
            let person = number % 60;
            let app = format!("wx0{}", number % 4);
            let guest = Guest::member(&app, &format!("o{person}"));
            let guest = if number % 3 == 0 {
                guest
            } else {
                guest.with_union_id(&format!("u{person}"))
            };
            guest.visit_as(number, &format!("Name {number}"))
        })
        .collect();
    for outcome in at_once(store, visits).await {
        let recorded = account(outcome);
        let found = store.session(recorded.session.id).await;
        let found = found.map(|account| (account.session, account.user.id));
        assert_eq!(found, Some((recorded.session, recorded.user.id)));
    }
}
