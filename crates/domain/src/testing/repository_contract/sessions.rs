//! Rules: listing and ending sessions, and finding them again.

use uuid::Uuid;

use super::guest::{at, code_hash, nonce_hash};
use super::{Guest, Store, account, pages};
use crate::id::SessionId;
use crate::secret::SecretHash;
use crate::session::SessionAccount;
use crate::visit::VisitOutcome;

pub async fn live_sessions_are_listed_newest_first(store: &Store) {
    let guest = Guest::new("wx01", "o1");
    let mut visit = guest.visit(0);
    visit.session.expires_at = at(50);
    let short = store.admit(visit).await;
    let old = store.log_in(&guest, 10).await;
    let new = store.log_in(&guest, 20).await;
    store.log_in(&Guest::new("wx01", "o2"), 20).await;
    let (user, ids) = (new.user.id, [&new, &old, &short].map(|of| of.session.id));
    assert_eq!(store.live_ids(user, 49).await, ids);
    assert_eq!(store.live_ids(user, 50).await, ids[..2]);

    let all = store.live(user, 50).await;
    assert_eq!(all[0].session, new.session);
    assert_eq!(all[0].app_id, *guest.app_id());
    assert_eq!(all[0].session.last_used_at, at(20));
}

pub async fn a_session_is_ended_only_by_its_user_and_once(store: &Store) {
    let lifecycle = store.lifecycle();
    let one = store.log_in(&Guest::new("wx01", "o1"), 0).await;
    let other = store.user(&Guest::new("wx01", "o2"), 0).await;
    let (user, id) = (one.user.id, one.session.id);
    assert!(!lifecycle.end(other, id, at(10)).await.unwrap());
    assert_eq!(store.live_ids(user, 10).await, [id]);
    assert!(lifecycle.end(user, id, at(10)).await.unwrap());
    assert!(!lifecycle.end(user, id, at(20)).await.unwrap());
    assert!(store.live_ids(user, 10).await.is_empty());
    let found = store.session(id).await.unwrap();
    assert_eq!(found.session.ended_at, Some(at(10)));
}

pub async fn all_sessions_of_a_user_end_at_once_and_no_others(store: &Store) {
    let guest = Guest::new("wx01", "o1");
    let mut expired = guest.visit(0);
    expired.session.expires_at = at(5);
    store.admit(expired).await;
    store.log_in(&guest, 0).await;
    let user = store.user(&guest, 1).await;
    let other = store.log_in(&Guest::new("wx01", "o2"), 0).await;
    let lifecycle = store.lifecycle();
    assert_eq!(lifecycle.end_all(user, at(10)).await.unwrap(), 2);
    assert_eq!(lifecycle.end_all(user, at(11)).await.unwrap(), 0);
    assert!(store.live_ids(user, 10).await.is_empty());
    let ids = store.live_ids(other.user.id, 10).await;
    assert_eq!(ids, [other.session.id]);
}

pub async fn a_further_login_ends_the_oldest_sessions_beyond_the_bound(store: &Store) {
    let replica = store.replica();
    // In two apps, and with sessions of others beside them.
    let guests = ["wx01", "wx02"].map(|app| Guest::known(app, "o1", "u1"));
    let other = store.log_in(&Guest::new("wx01", "o2"), 0).await;
    let mut ids = Vec::new();
    let bounded = |guest: &Guest, second| {
        let mut visit = guest.visit(second);
        visit.sessions_per_user = 3;
        visit
    };
    for (guest, second) in guests.iter().cycle().zip(0..9_i64) {
        let store = if second % 3 == 0 { store } else { &*replica };
        let outcome = store.users().record_visit(bounded(guest, second)).await;
        let has_ended = matches!(
            outcome,
            Ok(VisitOutcome::Recorded {
                ended_others: true,
                ..
            })
        );
        assert_eq!(has_ended, second >= 3, "at {second}");
        let account = account(outcome);
        ids.insert(0, account.session.id);
        let live = store.live_ids(account.user.id, second).await;
        assert_eq!(live, ids[..ids.len().min(3)]);
    }
    for id in &ids[3..6] {
        let found = store.session(*id).await;
        assert!(found.is_none_or(|found| found.session.ended_at.is_some()));
    }
    let others = store.live_ids(other.user.id, 9).await;
    assert_eq!(others, [other.session.id]);
    // What has ended or expired does not count.
    let user = store.session(ids[0]).await.unwrap().user.id;
    store.lifecycle().end_all(user, at(10)).await.unwrap();
    let mut expired = guests[0].visit(11);
    expired.session.expires_at = at(12);
    store.admit(expired).await;
    for (count, second) in (1..=3).zip(20..) {
        store.admit(bounded(&guests[0], second)).await;
        assert_eq!(store.live_ids(user, second).await.len(), count);
    }
    // And without a bound none is ended.
    store.log_in(&guests[0], 30).await;
    assert_eq!(store.live_ids(user, 30).await.len(), 4);
}

pub async fn logins_at_once_leave_no_more_sessions_than_the_bound(store: &Store) {
    let (users, replica) = (store.users(), store.replica().users());
    let guest = Guest::new("wx01", "o1");
    let user = store.user(&guest, 0).await;
    let logins = [&users, &replica].into_iter().cycle().zip(1..25);
    let logins = logins.map(|(users, second)| {
        let mut visit = guest.visit(second);
        visit.sessions_per_user = 5;
        users.record_visit(visit)
    });
    for outcome in futures_util::future::join_all(logins).await {
        outcome.unwrap();
    }
    let live = store.live(user, 30).await.into_iter();
    let mut opened: Vec<_> = live.map(|listed| listed.session.created_at).collect();
    opened.sort_unstable();
    assert_eq!(opened, [20, 21, 22, 23, 24].map(at));
}

pub async fn a_list_gives_pages_newest_first(store: &Store) {
    let guest = Guest::new("wx01", "o1");
    let user = store.user(&guest, 0).await;
    for second in 1..5 {
        store.log_in(&guest, second).await;
    }
    let list = async |page| store.lifecycle().list(user, at(10), page).await.unwrap();
    let told = pages(2, |listed| listed.session.id, list).await;
    let opened = told.iter().map(|listed| listed.session.created_at);
    assert_eq!(opened.collect::<Vec<_>>(), [4, 3, 2, 1, 0].map(at));
}

/// The session that was opened with a code and a nonce since a second.
async fn repeated(
    store: &Store,
    (code, nonce): (SecretHash, SecretHash),
    since: i64,
) -> Option<SessionId> {
    let found = store.sessions().find_repeated(code, nonce, at(since)).await;
    found.unwrap().map(|account| account.session.id)
}

pub async fn a_session_is_found_with_its_user_and_identity(store: &Store) {
    let guest = Guest::known("wx01", "o1", "u1");
    let account = store.admit(guest.visit_as(0, "Band")).await;
    store.log_in(&Guest::new("wx01", "o2"), 0).await;
    assert_eq!(store.session(account.session.id).await, Some(account));
}

pub async fn a_session_shows_what_its_user_became_later(store: &Store) {
    let guest = Guest::member("wx01", "o1");
    let first = store.admit(guest.visit_as(0, "Band")).await;
    let second = guest.with_union_id("u1").visit_as(60, "Later");
    let expected = SessionAccount {
        session: first.session,
        ..store.admit(second).await
    };
    assert_eq!(store.session(expected.session.id).await, Some(expected));
}

pub async fn an_unknown_session_is_not_found(store: &Store) {
    store.log_in(&Guest::new("wx01", "o1"), 0).await;
    assert_eq!(store.session(SessionId::new(Uuid::now_v7())).await, None);
}

pub async fn an_expired_session_is_found_all_the_same(store: &Store) {
    let mut visit = Guest::new("wx01", "o1").visit(0);
    visit.session.expires_at = at(-60);
    let account = store.admit(visit).await;
    assert_eq!(store.session(account.session.id).await, Some(account));
}

pub async fn a_repeated_code_and_nonce_find_their_session(store: &Store) {
    let guest = Guest::new("wx01", "o1");
    let (visit, code, nonce) = guest.visit_with_nonce(100);
    let id = store.admit(visit).await.session.id;
    let plain = store.log_in(&guest, 100).await;
    assert_ne!(plain.session.id, id);

    let (other_code, other_nonce) = (code_hash("other"), nonce_hash(&code, "other"));
    for (sent, since, expected) in [
        ((code, nonce), 40, Some(id)),
        ((code, nonce), 100, Some(id)),
        ((code, nonce), 101, None),
        ((code, other_nonce), 40, None),
        ((other_code, nonce), 40, None),
    ] {
        let found = repeated(store, sent, since).await;
        assert_eq!(found, expected, "{sent:?} since {since}");
    }
}

pub async fn a_repeated_code_is_found_across_the_hour(store: &Store) {
    let guest = Guest::new("wx01", "o1");
    for second in [-30, -1, 0, 30] {
        let (visit, code, nonce) = guest.visit_with_nonce(second);
        store.admit(visit).await;
        let seen = repeated(store, (code, nonce), second - 59).await;
        assert!(seen.is_some(), "at second {second}");
    }
}
