//! Rules: all or nothing, and each for itself.

use super::{Guest, Store, account, at_once};
use crate::ports::RepositoryError;

pub async fn a_code_that_wechat_takes_twice_opens_two_sessions(store: &Store) {
    let guest = Guest::new("wx01", "o1");
    let first = guest.visit(0);
    let mut again = guest.visit(1);
    again.session.sent = first.session.sent;
    let expected = [first.session.id, again.session.id];
    let accounts = at_once(store, vec![first, again])
        .await
        .into_iter()
        .map(account);
    let sessions: Vec<_> = accounts.map(|account| account.session.id).collect();
    assert_eq!(sessions, expected);
}

pub async fn a_visit_that_fails_leaves_nothing_behind(store: &Store) {
    let used = Guest::new("wx01", "o1").visit(0);
    store.admit(used.clone()).await;

    let guest = Guest::member("wx01", "o2");
    let mut failing = guest.clone().with_union_id("u1").visit_as(0, "Band");
    failing.session.id = used.session.id;
    let outcome = store.users().record_visit(failing).await;
    assert!(
        matches!(outcome, Err(RepositoryError::Internal(_))),
        "{outcome:?}"
    );

    let found = store.session(used.session.id).await.unwrap();
    assert_eq!(found.identity.open_id, used.open_id);
    assert!(store.keys_of(&guest).await.is_empty());
    store.admit_new(guest.visit(60)).await;
    store
        .admit_new(Guest::known("wx02", "o3", "u1").visit(60))
        .await;
}

pub async fn a_visit_that_fails_fails_alone(store: &Store) {
    let used = store.log_in(&Guest::new("wx01", "o1"), 0).await.session.id;
    let mut visits: Vec<_> = (0..40)
        .map(|number| Guest::new("wx01", &format!("o{}", number % 30)).visit(number))
        .collect();
    for failing in visits.iter_mut().skip(7).step_by(13) {
        failing.session.id = used;
    }
    let expected: Vec<_> = visits
        .iter()
        .map(|visit| visit.session.id != used)
        .collect();
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
    for recorded in at_once(store, visits.collect())
        .await
        .into_iter()
        .map(account)
    {
        let found = store.session(recorded.session.id).await;
        let found = found.map(|account| (account.session, account.user.id));
        assert_eq!(found, Some((recorded.session, recorded.user.id)));
    }
}
