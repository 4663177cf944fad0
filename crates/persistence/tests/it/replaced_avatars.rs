//! Which pictures are told as replaced.

use domain::account::Page;
use domain::audit::AuditAction;
use domain::id::UserId;
use domain::ports::{AccountRepository, MergeRepository, ReplacedAvatars, UserRepository};
use domain::profile::{Edit, ProfileEdit};
use domain::testing::repository_contract::{Guest, entry};
use domain::time::Timestamp;

use crate::store::{Store, account, postgres, sqlite};

async fn stores() -> [Store; 2] {
    [sqlite().await, postgres().await]
}

async fn give(store: &Store, user: UserId, url: &str) {
    let edit = ProfileEdit {
        avatar_url: Edit::Set(url.to_owned()),
        ..ProfileEdit::default()
    };
    let edited = store.database.accounts().edit_profile(user, edit).await;
    assert!(edited.unwrap().is_some());
}

async fn due(store: &Store, now: Timestamp) -> Vec<String> {
    let list = store.database.replaced_avatars();
    let due = list.due(now, 100).await.unwrap();
    due.into_iter().map(|avatar| avatar.url).collect()
}

/// Those that a user had.
async fn replaced(store: &Store) -> Vec<String> {
    due(store, Timestamp::UNIX_EPOCH).await
}

#[tokio::test]
async fn a_picture_is_told_when_it_is_replaced_and_when_its_user_goes() {
    for store in stores().await {
        replaced_and_gone(store).await;
    }
}

async fn replaced_and_gone(store: Store) {
    let users = store.database.users();
    let guest = Guest::new("wx01", "o1");
    let user = account(users.record_visit(guest.visit(0)).await).user.id;
    give(&store, user, "https://a/1").await;
    give(&store, user, "https://a/1").await;
    assert!(replaced(&store).await.is_empty());
    give(&store, user, "https://a/2").await;
    store.place.execute("UPDATE users SET avatar_url = NULL");
    assert_eq!(replaced(&store).await, ["https://a/1", "https://a/2"]);

    give(&store, user, "https://a/3").await;
    store.place.execute("DELETE FROM users");
    let list = store.database.replaced_avatars();
    let rows = list.due(Timestamp::UNIX_EPOCH, 100).await.unwrap();
    assert_eq!(rows.last().unwrap().url, "https://a/3");
    for row in rows {
        list.forget(row.id).await.unwrap();
    }
    assert!(replaced(&store).await.is_empty());
}

#[tokio::test]
async fn an_announced_picture_is_due_unless_a_user_has_it_by_then() {
    for store in stores().await {
        announced(store).await;
    }
}

async fn announced(store: Store) {
    let at = |second| Timestamp::from_second(second).unwrap();
    let users = store.database.users();
    let guest = Guest::new("wx01", "o1");
    let user = account(users.record_visit(guest.visit(0)).await).user.id;
    let list = store.database.replaced_avatars();
    list.announce("https://a/lost", at(600)).await.unwrap();
    list.announce("https://a/used", at(600)).await.unwrap();
    give(&store, user, "https://a/used").await;
    assert!(due(&store, at(599)).await.is_empty());
    assert_eq!(due(&store, at(600)).await, ["https://a/lost"]);

    list.announce("https://a/by_hand", at(600)).await.unwrap();
    store
        .place
        .execute("UPDATE users SET avatar_url = 'https://a/by_hand'");
    assert_eq!(due(&store, at(599)).await, ["https://a/used"]);
    assert_eq!(
        due(&store, at(600)).await,
        ["https://a/lost", "https://a/used"]
    );
}

#[tokio::test]
async fn a_picture_that_a_merge_hands_on_is_not_told() {
    for store in stores().await {
        handed_on(store).await;
    }
}

async fn handed_on(store: Store) {
    let users = store.database.users();
    let member = |app: &str| Guest::new(app, "o1").in_account("main");
    let goes = account(users.record_visit(member("wx01").visit(0)).await);
    let stays = member("wx02").with_union_id("u1").visit(0);
    let stays = account(users.record_visit(stays).await);
    let shown = member("wx01").with_union_id("u1").visit(10);
    account(users.record_visit(shown).await);
    give(&store, goes.user.id, "https://a/1").await;

    let merges = store.database.merges();
    let page = Page {
        after: None,
        limit: 10,
    };
    let candidate = merges.open_candidates(page).await.unwrap().remove(0);
    let audit = entry(AuditAction::ApplyMerge, None);
    merges.apply(candidate.id, audit).await.unwrap();
    let accounts = store.database.accounts();
    let one = accounts.find(stays.user.id).await.unwrap().unwrap();
    assert_eq!(one.user.profile.avatar_url.as_deref(), Some("https://a/1"));
    assert!(replaced(&store).await.is_empty());
}
