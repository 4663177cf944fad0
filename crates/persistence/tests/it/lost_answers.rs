//! A deed that was done is told as done although the answer to its COMMIT was lost.

use domain::account::{Page, Withdrawal};
use domain::audit::{AuditAction, AuditQuery};
use domain::id::UserId;
use domain::ports::{
    AccountRepository, AuditLog, BanRepository, MergeOutcome, MergeRepository, SessionLifecycle,
    UserRepository,
};
use domain::session::SessionAccount;
use domain::testing::repository_contract::{Guest, entry, entry_at};
use domain::time::Timestamp;
use persistence::Database;
use testpg::Server;
use uuid::Uuid;

use crate::proxy::Proxy;
use crate::store::{account, options};

async fn logged_in(database: &Database, guest: &Guest, second: i64) -> SessionAccount {
    account(database.users().record_visit(guest.visit(second)).await)
}

/// A merge candidate: who goes, who stays.
async fn pair(database: &Database, name: &str) -> (Uuid, UserId, UserId) {
    let [one, other] = ["wx01", "wx02"].map(|app| Guest::new(app, name).in_account("main"));
    let goes = logged_in(database, &one, 0).await.user.id;
    let stays = logged_in(database, &other.with_union_id(name), 1)
        .await
        .user
        .id;
    let noted = logged_in(database, &one.with_union_id(name), 2).await;
    (noted.session.id.as_uuid(), goes, stays)
}

#[tokio::test]
async fn a_deed_whose_answer_was_lost_is_told_as_done() {
    let server = Server::start_private().unwrap();
    let direct = server.database().unwrap();
    let (proxy, url) = Proxy::of(&direct);
    let database = Database::open(options(url)).unwrap();
    database.migrate().await.unwrap();
    let (accounts, merges, bans) = (database.accounts(), database.merges(), database.bans());
    let at = |second| -> Timestamp { Guest::new("wx01", "o").visit(second).at };
    let lose = || proxy.lose_the_answer_to_query("COMMIT");

    let user = logged_in(&database, &Guest::new("wx01", "o1"), 0)
        .await
        .user
        .id;
    let disable = entry_at(AuditAction::DisableUser, None, 5);
    lose();
    let disabled = accounts.set_disabled(user, true, disable).await;
    assert!(disabled.unwrap().unwrap().user.disabled_at.is_some());
    let deletion = entry(AuditAction::DeleteUser, None);
    lose();
    assert!(accounts.delete(user, deletion.clone()).await.unwrap());
    lose();
    assert!(
        bans.lift(deletion.id, entry(AuditAction::LiftBan, None))
            .await
            .unwrap()
    );

    let guest = Guest::new("wx01", "o2");
    logged_in(&database, &guest, 0).await;
    let what = [Withdrawal::Identity];
    let (app, open_id) = (guest.app_id(), guest.open_id());
    lose();
    let withdrawn = accounts.withdraw(app, open_id, &what, entry(AuditAction::Withdraw, None));
    assert!(withdrawn.await.unwrap());

    let (candidate, _, stays) = pair(&database, "p").await;
    lose();
    let applied = merges.apply(candidate, entry_at(AuditAction::ApplyMerge, None, 10));
    assert_eq!(applied.await.unwrap(), MergeOutcome::Applied(stays));
    let (candidate, ..) = pair(&database, "q").await;
    lose();
    let dismissed = merges.dismiss(candidate, entry_at(AuditAction::DismissMerge, None, 10));
    assert!(dismissed.await.unwrap());
    assert_eq!(proxy.lost(), 6);

    let one = logged_in(&database, &guest, 20).await;
    proxy.lose_the_answer_to_query("SET \"ended_at\"");
    let lifecycle = database.lifecycle();
    let ended = lifecycle.end(one.user.id, one.session.id, at(30));
    assert!(ended.await.unwrap());
    assert_eq!(proxy.lost(), 7);

    // Each deed once.
    let all = Page {
        after: None,
        limit: 100,
    };
    let log = database.audit().search(&AuditQuery::default(), all).await;
    let mut actions: Vec<_> = log
        .unwrap()
        .iter()
        .map(|entry| entry.action.as_str())
        .collect();
    actions.sort_unstable();
    let expected = [
        "apply_merge",
        "delete_user",
        "disable_user",
        "dismiss_merge",
        "lift_ban",
        "withdraw",
    ];
    assert_eq!(actions, expected);
    // Who asks again in their own name is told the truth.
    assert!(
        !accounts
            .delete(user, entry(AuditAction::DeleteUser, None))
            .await
            .unwrap()
    );
    assert!(
        !bans
            .lift(deletion.id, entry(AuditAction::LiftBan, None))
            .await
            .unwrap()
    );
}
