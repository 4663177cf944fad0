//! Rules: what is only kept, and what replicas are told.

use futures_util::future::join_all;
use uuid::Uuid;

use super::guest::at;
use super::{EVERYTHING, Guest, PHONE, Store, entry};
use crate::account::{Page, Withdrawal};
use crate::audit::{AuditAction, AuditActor, AuditQuery};
use crate::id::UserId;
use crate::ports::{Change, FeedPosition, StoredWechatToken, TokenUse};
use crate::profile::ProfileEdit;
use crate::secret::WechatToken;
use crate::time::Duration;

pub async fn a_wechat_token_replaces_the_one_before(store: &Store) {
    let (tokens, replica) = (store.wechat_tokens(), store.replica());
    assert!(tokens.load("wx01 stable").await.unwrap().is_none());
    let token = |text: &str, second| StoredWechatToken {
        token: WechatToken::new(text),
        expires_at: at(second),
    };
    let both = [store.wechat_tokens(), replica.wechat_tokens()];
    let saves = both.iter().cycle().zip(0..8);
    let saves = saves.map(async |(tokens, second)| {
        let token = token("早", second);
        tokens.save("wx01 stable", &token).await
    });
    for saved in join_all(saves).await {
        saved.unwrap();
    }
    tokens.save("wx01 stable", &token("new", 60)).await.unwrap();
    let other = token("other", 70);
    tokens.save("wx02 stable", &other).await.unwrap();
    for (key, text, second) in [("wx01 stable", "new", 60), ("wx02 stable", "other", 70)] {
        let kept = replica.wechat_tokens().load(key).await.unwrap().unwrap();
        assert_eq!(kept.token.expose(), text);
        assert_eq!(kept.expires_at, at(second));
    }
}

pub async fn audit_entries_are_found_newest_first(store: &Store) {
    let user = UserId::new(Uuid::now_v7());
    let mut entries = vec![
        entry(AuditAction::TakeWechatToken, None),
        entry(AuditAction::Withdraw, Some(user)),
        entry(AuditAction::Withdraw, Some(UserId::new(Uuid::now_v7()))),
        entry(AuditAction::EndSessions, Some(user)),
    ];
    entries[0].subject = Some(String::from("wx01"));
    entries[0].from = None;
    let actors = [AuditActor::User, AuditActor::Wechat, AuditActor::Operator];
    for (entry, actor) in entries.iter_mut().zip(actors) {
        entry.actor = actor;
    }
    for entry in &entries {
        store.audit().record(entry.clone()).await.unwrap();
    }
    entries.reverse();
    let of = |user_id, action| AuditQuery { user_id, action };
    let withdraw = Some(AuditAction::Withdraw);
    for (query, expected) in [
        (of(None, None), vec![0, 1, 2, 3]),
        (of(Some(user), None), vec![0, 2]),
        (of(None, withdraw), vec![1, 2]),
        (of(Some(user), withdraw), vec![2]),
        (of(None, Some(AuditAction::RotateKeys)), vec![]),
    ] {
        let expected = expected.into_iter().map(|at: usize| &entries[at]);
        let found = store.audit().search(&query, EVERYTHING).await.unwrap();
        assert!(found.iter().eq(expected), "{query:?} finds {found:?}");
    }
    let page = Page {
        after: Some(entries[1].id),
        limit: 1,
    };
    let found = store.audit().search(&of(None, None), page).await.unwrap();
    assert_eq!(found, entries[2..3]);
}

pub async fn audit_entries_at_once_are_all_kept(store: &Store) {
    let numbered = |number: i32| {
        let user = (number % 2 == 0).then(|| UserId::new(Uuid::now_v7()));
        let mut entry = entry(AuditAction::SignText, user);
        entry.subject = (number % 3 == 0).then(|| number.to_string());
        entry
    };
    let entries: Vec<_> = (0..300).map(numbered).collect();
    let audit = store.audit();
    let recorded = join_all(entries.iter().map(|entry| audit.record(entry.clone()))).await;
    assert!(recorded.iter().all(Result::is_ok));
    let kept = audit.search(&AuditQuery::default(), EVERYTHING).await;
    let mut kept = kept.unwrap();
    kept.reverse();
    assert_eq!(kept, entries);
}

pub async fn phone_lookups_are_counted_by_user_and_day(store: &Store) {
    let (here, there) = (store.phone_lookups(), store.replica().phone_lookups());
    let alice = store.user(&Guest::new("wx01", "o1"), 0).await;
    let bob = store.user(&Guest::new("wx01", "o2"), 0).await;
    for at_most in [1, 2, 3] {
        assert!(here.count(alice, 10, at_most).await.unwrap(), "{at_most}");
        assert!(!there.count(alice, 10, at_most).await.unwrap());
    }
    assert!(there.count(bob, 10, 1).await.unwrap(), "another user");
    for day in [9, 10, 11] {
        there.uncount(alice, day).await.unwrap();
    }
    let counted = here.count(alice, 10, 3).await;
    assert!(counted.unwrap(), "one was taken back");
    assert!(!here.count(alice, 10, 3).await.unwrap());
    assert!(here.count(alice, 11, 1).await.unwrap(), "another day");
    assert!(!there.count(alice, 11, 1).await.unwrap());
}

pub async fn of_many_phone_lookups_at_once_so_many_are_counted(store: &Store) {
    let replicas = [store.phone_lookups(), store.replica().phone_lookups()];
    let user = store.user(&Guest::new("wx01", "o1"), 0).await;
    let many = replicas.iter().cycle().take(20);
    let counted = join_all(many.map(|replica| replica.count(user, 20, 5))).await;
    let counted = counted.into_iter().map(Result::unwrap);
    assert_eq!(counted.filter(|counted| *counted).count(), 5);
}

/// A user of their own for each kind of change.
async fn user(store: &Store, open_id: &str) -> (Guest, UserId) {
    let guest = Guest::member("wx01", open_id);
    let user = store.user(&guest, 0).await;
    (guest, user)
}

/// What a replica is told, and where it goes on.
async fn told(store: &Store, position: Option<&FeedPosition>) -> (Vec<Change>, FeedPosition) {
    let news = store.changes().since(position).await.unwrap();
    (news.changes, news.position)
}

pub async fn who_has_no_position_is_told_everything(store: &Store) {
    let (first, position) = told(store, None).await;
    assert_eq!(first, [Change::Everything]);
    let (nothing, _) = told(store, Some(&position)).await;
    assert_eq!(nothing, []);
}

pub async fn a_position_that_means_nothing_is_told_everything(store: &Store) {
    let position = FeedPosition::new(String::from("nonsense"));
    let (told, _) = told(store, Some(&position)).await;
    assert_eq!(told, [Change::Everything]);
}

pub async fn every_change_is_announced_to_every_replica(store: &Store) {
    let replica = store.replica();
    let (_, start) = told(&*replica, None).await;
    let accounts = store.accounts();

    let ended = store.log_in(&Guest::member("wx01", "o-ended"), 0).await;
    let lifecycle = store.lifecycle();
    lifecycle.end_all(ended.user.id, at(10)).await.unwrap();

    let (_, edited) = user(store, "o-edited").await;
    let edit = ProfileEdit::default();
    accounts.edit_profile(edited, edit).await.unwrap();

    let (_, called) = user(store, "o-called").await;
    accounts.set_phone(called, PHONE).await.unwrap();

    let (_, disabled) = user(store, "o-disabled").await;
    store.disable(disabled, at(10)).await;

    let (_, deleted) = user(store, "o-deleted").await;
    store.delete(deleted).await;

    let (guest, withdrawn) = user(store, "o-withdrawn").await;
    store.withdraw(&guest, &[Withdrawal::Identity]).await;

    let (guest, renamed) = user(store, "o-renamed").await;
    store.admit(guest.visit_as(10, "Band")).await;

    let (guest, joined) = user(store, "o-joined").await;
    store.log_in(&guest.with_union_id("u-joined"), 10).await;

    let (guest, merged) = user(store, "o-merged").await;
    let other = Guest::known("wx02", "o-merged", "u-merged");
    let other = store.user(&other, 0).await;
    store.log_in(&guest.with_union_id("u-merged"), 10).await;
    let candidate = store.open_candidates().await[0].id;
    store.merge(candidate, 20).await;

    let users = [
        edited, called, disabled, deleted, withdrawn, renamed, joined, merged, other,
    ];
    let (changes, end) = told(&*replica, Some(&start)).await;
    let ended = Change::Session(ended.session.id);
    for change in users.map(Change::User).into_iter().chain([ended]) {
        assert!(changes.contains(&change), "{change:?} not in {changes:?}");
    }
    assert!(!changes.contains(&Change::Everything), "{changes:?}");
    let (nothing, _) = told(&*replica, Some(&end)).await;
    assert_eq!(nothing, []);
}

pub async fn a_login_that_changes_nothing_is_not_announced(store: &Store) {
    let (_, start) = told(store, None).await;
    let guest = Guest::known("wx01", "o1", "u1");
    for second in 0..3 {
        let session = store.admit(guest.visit_as(second, "Band")).await.session;
        let token = TokenUse::Refresh {
            expires_at: at(90_000),
            grace: Duration::ZERO,
        };
        let (lifecycle, next) = (store.lifecycle(), session.generation.next());
        let used = lifecycle.use_generation(session.id, next, at(second), token);
        used.await.unwrap();
    }
    let (changes, _) = told(store, Some(&start)).await;
    assert_eq!(changes, []);
}
