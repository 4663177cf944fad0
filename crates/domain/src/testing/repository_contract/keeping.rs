//! Rules: what is only kept.

use futures_util::future::join_all;
use uuid::Uuid;

use super::guest::at;
use super::{EVERYTHING, Store, entry};
use crate::account::Page;
use crate::audit::{AuditAction, AuditActor, AuditQuery};
use crate::id::UserId;
use crate::ports::StoredWechatToken;
use crate::secret::WechatToken;

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
    let entries: Vec<_> = (0..300)
        .map(|number| {
            let user = (number % 2 == 0).then(|| UserId::new(Uuid::now_v7()));
            let mut entry = entry(AuditAction::SignText, user);
            entry.subject = (number % 3 == 0).then(|| number.to_string());
            entry
        })
        .collect();
    let audit = store.audit();
    let recorded = join_all(entries.iter().map(|entry| audit.record(entry.clone()))).await;
    assert!(recorded.iter().all(Result::is_ok));
    let kept = audit.search(&AuditQuery::default(), EVERYTHING).await;
    let mut kept = kept.unwrap();
    kept.reverse();
    assert_eq!(kept, entries);
}
