//! Rules: the session_keys of an identity, and which one signs.

use futures_util::future::join_all;
use uuid::Uuid;

use super::guest::at;
use super::{Guest, Store, admit_at_once};
use crate::id::{AppId, OpenId, UserId};
use crate::signatures::{Signatory, Whom};

async fn visit_with_keys(store: &Store, guest: &Guest, keys: &[&str]) {
    for (second, key) in (0..).zip(keys) {
        store.admit(guest.visit_with_key(second, key)).await;
    }
}

pub async fn the_last_three_session_keys_are_kept_newest_first(store: &Store) {
    let guest = Guest::new("wx01", "o1");
    assert!(store.keys_of(&guest).await.is_empty());
    visit_with_keys(store, &guest, &["a", "b"]).await;
    assert_eq!(store.keys_of(&guest).await, ["b", "a"]);
    visit_with_keys(store, &guest, &["c", "d"]).await;
    assert_eq!(store.keys_of(&guest).await, ["d", "c", "b"]);

    let elsewhere = Guest::new("wx02", "o1");
    visit_with_keys(store, &elsewhere, &["x"]).await;
    assert_eq!(store.keys_of(&elsewhere).await, ["x"]);
    assert_eq!(store.keys_of(&guest).await, ["d", "c", "b"]);
}

pub async fn a_session_key_that_is_already_the_newest_is_not_kept_twice(store: &Store) {
    let guest = Guest::new("wx01", "o1");
    visit_with_keys(store, &guest, &["a", "b", "b"]).await;
    assert_eq!(store.keys_of(&guest).await, ["b", "a"]);
    visit_with_keys(store, &guest, &["a"]).await;
    assert_eq!(store.keys_of(&guest).await, ["a", "b", "a"]);
}

pub async fn session_keys_of_visits_at_once_are_all_kept(store: &Store) {
    let guest = Guest::new("wx01", "o1");
    let visits: Vec<_> = (0..3).map(|second| guest.visit(second)).collect();
    let keys = visits.iter().filter_map(|visit| visit.session_key.as_ref());
    let mut expected: Vec<_> = keys.map(|key| key.expose().to_owned()).collect();
    admit_at_once(store, visits).await;
    let mut kept = store.keys_of(&guest).await;
    kept.sort();
    expected.sort();
    assert_eq!(kept, expected);
}

pub async fn a_visit_without_a_session_key_keeps_those_there_are(store: &Store) {
    let guest = Guest::new("wx01", "o1");
    // As by WeChat's gateway: without a code either.
    let visit = || {
        let mut visit = guest.visit(0);
        (visit.session_key, visit.session.sent) = (None, None);
        visit
    };
    store.admit(visit()).await;
    assert!(store.keys_of(&guest).await.is_empty());
    visit_with_keys(store, &guest, &["a"]).await;
    store.admit(visit()).await;
    assert_eq!(store.keys_of(&guest).await, ["a"]);
}

async fn find(store: &Store, app: &str, user: &Whom) -> Option<Signatory> {
    let found = store.signatories().find(&AppId::new(app), user).await;
    found.unwrap()
}

async fn visit_with_key(store: &Store, guest: &Guest, second: i64, key: &str) -> UserId {
    store.admit(guest.visit_with_key(second, key)).await.user.id
}

fn key(signatory: Option<Signatory>) -> Option<String> {
    let key = signatory.unwrap().session_key;
    key.map(|key| key.expose().to_owned())
}

pub async fn a_signatory_is_found_by_user_and_by_openid_in_their_app(store: &Store) {
    let alice = visit_with_key(store, &Guest::new("wx01", "o1"), 0, "a").await;
    let bob = visit_with_key(store, &Guest::new("wx02", "o1"), 0, "b").await;
    let by_open_id = Whom::OpenId(OpenId::new("o1"));
    for (app, user, expected, own) in [
        ("wx01", Whom::User(alice), alice, "a"),
        ("wx01", by_open_id.clone(), alice, "a"),
        ("wx02", Whom::User(bob), bob, "b"),
        ("wx02", by_open_id.clone(), bob, "b"),
    ] {
        let found = find(store, app, &user).await.unwrap();
        assert_eq!((found.user_id, found.open_id.as_str()), (expected, "o1"));
        assert!(!found.is_disabled);
        assert_eq!(key(Some(found)).as_deref(), Some(own));
    }
    for (app, user) in [
        ("wx02", Whom::User(alice)),
        ("wx03", by_open_id),
        ("wx01", Whom::OpenId(OpenId::new("o2"))),
        ("wx01", Whom::User(UserId::new(Uuid::now_v7()))),
    ] {
        assert!(find(store, app, &user).await.is_none(), "{app} {user:?}");
    }
    store.disable(alice, at(10)).await;
    let disabled = find(store, "wx01", &Whom::User(alice)).await;
    assert!(disabled.unwrap().is_disabled);
}

pub async fn the_session_key_that_signs_is_the_newest_on_every_replica(store: &Store) {
    let guest = Guest::new("wx01", "o1");
    let mut visit = guest.visit(0);
    visit.session_key = None;
    let user = Whom::User(store.admit(visit).await.user.id);
    assert_eq!(key(find(store, "wx01", &user).await), None);
    let replica = store.replica();
    for (second, newest) in (1..).zip(["a", "b", "c", "d"]) {
        visit_with_key(&*replica, &guest, second, newest).await;
        for store in [store, &*replica] {
            let found = find(store, "wx01", &user).await;
            assert_eq!(key(found).as_deref(), Some(newest));
        }
    }
}

pub async fn after_a_merge_the_identity_that_logged_in_last_signs(store: &Store) {
    let [stays, goes] = ["stays", "goes"].map(|open_id| Guest::member("wx01", open_id));
    let user = visit_with_key(store, &stays.clone().with_union_id("u"), 0, "a").await;
    visit_with_key(store, &goes, 1, "b").await;
    visit_with_key(store, &goes.with_union_id("u"), 2, "c").await;
    let candidate = store.open_candidates().await.remove(0);
    store.merge(candidate.id, 10).await;
    let user = Whom::User(user);
    let signs = find(store, "wx01", &user).await;
    assert_eq!(key(signs).as_deref(), Some("c"));
    visit_with_key(store, &stays, 20, "d").await;
    let signs = find(store, "wx01", &user).await.unwrap();
    assert_eq!(signs.open_id.as_str(), "stays");
    assert_eq!(key(Some(signs)).as_deref(), Some("d"));
}

pub async fn many_signatories_at_once_are_each_their_own(store: &Store) {
    let guests: Vec<_> = (0..100)
        .map(|number| Guest::new(["wx01", "wx02"][number % 2], &format!("o{}", number / 2)))
        .collect();
    let visits: Vec<_> = guests.iter().map(|guest| guest.visit(0)).collect();
    let mut expected = Vec::new();
    for (visit, recorded) in visits
        .iter()
        .zip(admit_at_once(store, visits.clone()).await)
    {
        let key = visit.session_key.as_ref().unwrap().expose().to_owned();
        expected.push((recorded.user.id, key));
    }
    let asked = guests.iter().zip(&expected).enumerate();
    let found = asked.map(|(number, (guest, (user, _)))| {
        let user = match number % 3 {
            0 => Whom::User(*user),
            1 => Whom::OpenId(guest.open_id().clone()),
            _ => Whom::OpenId(OpenId::new("unknown")),
        };
        let signatories = store.signatories();
        async move { signatories.find(guest.app_id(), &user).await.unwrap() }
    });
    let found = join_all(found).await;
    for (number, (found, expected)) in found.into_iter().zip(expected).enumerate() {
        let found = found.map(|found| {
            let key = found.session_key.unwrap();
            (found.user_id, key.expose().to_owned())
        });
        assert_eq!(found, (number % 3 < 2).then_some(expected), "{number}");
    }
}
