//! The support desk.

use domain::account::{AccountQuery, Page, Withdrawal};
use domain::audit::{AuditAction, AuditQuery};
use domain::id::{AppId, OpenId, UserId};
use domain::ports::MergeOutcome;
use domain::support::SupportDesk;
use uuid::Uuid;

use crate::world::{World, operator};

fn desk(world: &World) -> SupportDesk {
    let store = &world.store;
    SupportDesk {
        accounts: store.clone(),
        merges: store.clone(),
        bans: store.clone(),
        audit: store.clone(),
        clock: world.clock.clone(),
    }
}

#[tokio::test]
async fn each_deed_leaves_an_entry_of_its_caller() {
    let world = World::default();
    let (desk, by) = (desk(&world), operator());
    let app = AppId::new("wx01");
    let user = world.log_in("o-alice").await.account.user.id;
    let disabled = desk.disable(user, &by).await.unwrap().unwrap();
    assert!(disabled.user.disabled_at.is_some());
    let enabled = desk.enable(user, &by).await.unwrap().unwrap();
    assert_eq!(enabled.user.disabled_at, None);
    world.log_in("o-alice").await;
    assert_eq!(desk.end_sessions(user, &by).await.unwrap(), Some(1));
    desk.note_wechat_token(&app, &by).await.unwrap();
    let open_id = OpenId::new("o-alice");
    let withdrawn = desk.withdraw(&app, &open_id, &[Withdrawal::NickName], None, &by);
    assert!(withdrawn.await.unwrap());
    desk.disable(user, &by).await.unwrap();
    assert!(desk.delete(user, &by).await.unwrap());
    let ban = desk.bans.list(Page::first(10)).await.unwrap().remove(0);
    assert_eq!(ban.user_id, user);
    assert!(desk.lift_ban(ban.id, &by).await.unwrap());

    let audit = world.store.audit();
    for entry in &audit {
        assert_eq!((&entry.actor, entry.from), (&by.actor, by.from));
    }
    let told = audit
        .iter()
        .map(|entry| (entry.action, entry.user_id, entry.subject.as_deref()));
    let lifted = ban.id.to_string();
    let user = Some(user);
    let expected = [
        (AuditAction::DisableUser, user, None),
        (AuditAction::EnableUser, user, None),
        (AuditAction::EndSessions, user, None),
        (AuditAction::TakeWechatToken, None, Some("wx01")),
        (AuditAction::Withdraw, user, Some("wx01")),
        (AuditAction::DisableUser, user, None),
        (AuditAction::DeleteUser, user, None),
        (AuditAction::LiftBan, user, Some(lifted.as_str())),
    ];
    assert_eq!(told.collect::<Vec<_>>(), expected);
    let query = AuditQuery {
        user_id: user,
        action: Some(AuditAction::DisableUser),
    };
    let found = desk.audit.search(&query, Page::first(10)).await.unwrap();
    assert_eq!(found, [audit[5].clone(), audit[0].clone()]);
}

#[tokio::test]
async fn what_is_not_there_is_told_and_leaves_no_entry() {
    let world = World::default();
    let (desk, by) = (desk(&world), operator());
    let (user, id) = (UserId::new(Uuid::now_v7()), Uuid::now_v7());
    assert_eq!(desk.accounts.find(user).await.unwrap(), None);
    assert_eq!(desk.disable(user, &by).await.unwrap(), None);
    assert_eq!(desk.enable(user, &by).await.unwrap(), None);
    assert_eq!(desk.end_sessions(user, &by).await.unwrap(), None);
    assert!(!desk.delete(user, &by).await.unwrap());
    assert!(!desk.lift_ban(id, &by).await.unwrap());
    assert!(!desk.dismiss_merge(id, &by).await.unwrap());
    assert_eq!(
        desk.apply_merge(id, &by).await.unwrap(),
        MergeOutcome::NotOpen
    );
    assert!(
        desk.merges
            .open_candidates(Page::first(10))
            .await
            .unwrap()
            .is_empty()
    );
    assert!(world.store.audit().is_empty());
}

#[tokio::test]
async fn a_message_of_wechat_that_is_repeated_is_obeyed_once() {
    let world = World::default();
    let (desk, by) = (desk(&world), operator());
    world.log_in("o-alice").await;
    let (app, open_id) = (AppId::new("wx01"), OpenId::new("o-alice"));
    let message = Some(Uuid::now_v7());
    for _ in 0..2 {
        let withdrawn = desk.withdraw(&app, &open_id, &[Withdrawal::Identity], message, &by);
        assert!(withdrawn.await.unwrap());
        world.log_in("o-alice").await;
    }
    assert_eq!(world.store.audit().len(), 1);
    let query = AccountQuery {
        open_id: Some(open_id),
        ..AccountQuery::default()
    };
    assert_eq!(
        desk.accounts
            .search(&query, Page::first(10))
            .await
            .unwrap()
            .len(),
        1
    );
}
