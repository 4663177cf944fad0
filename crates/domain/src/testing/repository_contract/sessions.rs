//! Rules: listing and ending sessions.

use super::guest::at;
use super::{ALL, Guest, StoreUnderTest, admitted};
use crate::account::Page;
use crate::id::SessionId;
use crate::session::SessionAccount;
use crate::visit::VisitOutcome;

async fn listed(store: &dyn StoreUnderTest, of: &SessionAccount, second: i64) -> Vec<SessionId> {
    let listed = store.lifecycle().list(of.user.id, at(second), ALL).await;
    let listed = listed.unwrap().into_iter();
    listed.map(|listed| listed.session.id).collect()
}

pub async fn live_sessions_are_listed_newest_first(store: &dyn StoreUnderTest) {
    let guest = Guest::new("wx01", "o1");
    let mut visit = guest.visit(0);
    visit.session.expires_at = at(50);
    let short = admitted(store, visit).await;
    let old = admitted(store, guest.visit(10)).await;
    let new = admitted(store, guest.visit(20)).await;
    admitted(store, Guest::new("wx01", "o2").visit(20)).await;
    let ids = [new.session.id, old.session.id, short.session.id];
    assert_eq!(listed(store, &new, 49).await, ids);
    assert_eq!(listed(store, &new, 50).await, ids[..2]);

    let all = store
        .lifecycle()
        .list(new.user.id, at(50), ALL)
        .await
        .unwrap();
    assert_eq!(all[0].session, new.session);
    assert_eq!(all[0].app_id, *guest.app_id());
    assert_eq!(all[0].session.last_used_at, at(20));
}

pub async fn a_session_is_ended_only_by_its_user_and_once(store: &dyn StoreUnderTest) {
    let lifecycle = store.lifecycle();
    let one = admitted(store, Guest::new("wx01", "o1").visit(0)).await;
    let other = admitted(store, Guest::new("wx01", "o2").visit(0)).await;
    let id = one.session.id;
    assert!(!lifecycle.end(other.user.id, id, at(10)).await.unwrap());
    assert_eq!(listed(store, &one, 10).await, [id]);
    assert!(lifecycle.end(one.user.id, id, at(10)).await.unwrap());
    assert!(!lifecycle.end(one.user.id, id, at(20)).await.unwrap());
    assert!(listed(store, &one, 10).await.is_empty());
    let found = store.session(id).await.unwrap();
    assert_eq!(found.session.ended_at, Some(at(10)));
}

pub async fn all_sessions_of_a_user_end_at_once_and_no_others(store: &dyn StoreUnderTest) {
    let guest = Guest::new("wx01", "o1");
    let mut expired = guest.visit(0);
    expired.session.expires_at = at(5);
    admitted(store, expired).await;
    admitted(store, guest.visit(0)).await;
    let one = admitted(store, guest.visit(1)).await;
    let other = admitted(store, Guest::new("wx01", "o2").visit(0)).await;
    let lifecycle = store.lifecycle();
    assert_eq!(lifecycle.end_all(one.user.id, at(10)).await.unwrap(), 2);
    assert_eq!(lifecycle.end_all(one.user.id, at(11)).await.unwrap(), 0);
    assert!(listed(store, &one, 10).await.is_empty());
    assert_eq!(listed(store, &other, 10).await, [other.session.id]);
}

pub async fn a_further_login_ends_the_oldest_sessions_beyond_the_bound(store: &dyn StoreUnderTest) {
    let replica = store.replica();
    // In two apps, and with sessions of others beside them.
    let guests = ["wx01", "wx02"].map(|app| Guest::member(app, "o1"));
    let guests = guests.map(|guest| guest.with_union_id("u1"));
    let other = admitted(store, Guest::new("wx01", "o2").visit(0)).await;
    let mut ids = Vec::new();
    let mut last = None;
    for second in 0..9_i64 {
        let guest = &guests[usize::try_from(second % 2).unwrap()];
        let store = if second % 3 == 0 { store } else { &*replica };
        let mut visit = guest.visit(second);
        visit.sessions_per_user = 3;
        let outcome = store.users().record_visit(visit).await.unwrap();
        let VisitOutcome::Recorded {
            account,
            ended_others,
        } = outcome
        else {
            unreachable!("no user is disabled");
        };
        assert_eq!(ended_others, second >= 3, "at {second}");
        ids.insert(0, account.session.id);
        let live = &ids[..ids.len().min(3)];
        assert_eq!(listed(store, &account, second).await, live);
        last = Some(account);
    }
    for id in &ids[3..6] {
        let found = store.session(*id).await;
        assert!(found.is_none_or(|found| found.session.ended_at.is_some()));
    }
    let last = last.unwrap();
    assert_eq!(listed(store, &other, 9).await, [other.session.id]);
    // What has ended or expired does not count.
    let lifecycle = store.lifecycle();
    lifecycle.end_all(last.user.id, at(10)).await.unwrap();
    let mut expired = guests[0].visit(11);
    expired.session.expires_at = at(12);
    admitted(store, expired).await;
    for second in 20..23 {
        let mut visit = guests[0].visit(second);
        visit.sessions_per_user = 3;
        let account = admitted(store, visit).await;
        let expected = usize::try_from(second - 19).unwrap();
        assert_eq!(listed(store, &account, second).await.len(), expected);
    }
    // And without a bound none is ended.
    admitted(store, guests[0].visit(30)).await;
    assert_eq!(listed(store, &last, 30).await.len(), 4);
}

pub async fn logins_at_once_leave_no_more_sessions_than_the_bound(store: &dyn StoreUnderTest) {
    let replica = store.replica();
    let guest = Guest::new("wx01", "o1");
    let first = admitted(store, guest.visit(0)).await;
    let logins = (1..25_i64).map(|second| {
        let mut visit = guest.visit(second);
        visit.sessions_per_user = 5;
        let users = match second % 2 {
            0 => store.users(),
            _ => replica.users(),
        };
        async move { users.record_visit(visit).await }
    });
    for outcome in futures_util::future::join_all(logins).await {
        outcome.unwrap();
    }
    let live = store.lifecycle().list(first.user.id, at(30), ALL).await;
    let live = live.unwrap().into_iter();
    let mut opened: Vec<_> = live.map(|listed| listed.session.created_at).collect();
    opened.sort_unstable();
    assert_eq!(opened, [20, 21, 22, 23, 24].map(at));
}

pub async fn a_list_gives_pages_newest_first(store: &dyn StoreUnderTest) {
    let guest = Guest::new("wx01", "o1");
    let mut ids = Vec::new();
    let mut user = None;
    for second in 0..5 {
        let account = admitted(store, guest.visit(second)).await;
        ids.insert(0, account.session.id);
        user = Some(account.user.id);
    }
    let user = user.unwrap();
    let (mut after, mut told) = (None, Vec::new());
    loop {
        let page = Page { after, limit: 2 };
        let page = store.lifecycle().list(user, at(10), page).await.unwrap();
        assert!(page.len() <= 2);
        told.extend(page.iter().map(|listed| listed.session.id));
        match page.last() {
            Some(last) => after = Some(last.session.id),
            None => break,
        }
    }
    assert_eq!(told, ids);
}
