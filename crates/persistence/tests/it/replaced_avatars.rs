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

async fn replaced(store: &Store) -> Vec<String> {
    let replaced = store.database.replaced_avatars().oldest(100).await.unwrap();
    replaced.into_iter().map(|avatar| avatar.url).collect()
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
    let rows = list.oldest(100).await.unwrap();
    assert_eq!(rows.last().unwrap().url, "https://a/3");
    for row in rows {
        list.forget(row.id).await.unwrap();
    }
    assert!(replaced(&store).await.is_empty());
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
    merges
        .apply(candidate.id, Timestamp::UNIX_EPOCH, audit)
        .await
        .unwrap();
    let accounts = store.database.accounts();
    let one = accounts.find(stays.user.id).await.unwrap().unwrap();
    assert_eq!(one.user.profile.avatar_url.as_deref(), Some("https://a/1"));
    assert!(replaced(&store).await.is_empty());
}
