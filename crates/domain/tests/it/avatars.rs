//! The pictures that users upload.

use domain::avatars::UploadError;
use domain::ports::{AvatarError, AvatarStore, Clock, ReplacedAvatars};
use domain::time::{Duration, after};

use crate::world::World;

#[tokio::test]
async fn an_upload_becomes_the_avatar_and_the_picture_before_goes() {
    let world = World::default();
    let service = world.avatars();
    let alice = world.log_in("o-alice").await.account;
    let mut urls = Vec::new();
    for picture in [b"one", b"two"] {
        let user = service.upload(&alice, picture.to_vec()).await.unwrap();
        urls.extend(user.profile.avatar_url);
        assert_eq!(world.pictures.count(), 1);
    }
    let store = &service.store;
    assert!(store.owns(&urls[0]).await.unwrap());
    assert!(!store.owns("https://example.com/a").await.unwrap());
    let (_, name) = urls[1].rsplit_once('/').unwrap();
    let kept = service.store.read(name).await.unwrap().unwrap();
    assert_eq!(kept.bytes, b"two");

    world.accounts().delete(&alice, None).await.unwrap();
    assert_eq!(world.pictures.count(), 0);
    assert_eq!(service.sweep().await.unwrap(), 0);
}

#[tokio::test]
async fn the_picture_of_an_upload_that_was_cut_off_goes_and_that_of_a_user_stays() {
    let world = World::default();
    let service = world.avatars();
    let alice = world.log_in("o-alice").await.account;
    service.upload(&alice, b"whole".to_vec()).await.unwrap();
    // The process ends between the file and the account.
    let cut = world.pictures.clean(b"cut off".to_vec()).await.unwrap();
    let due_at = after(world.clock.now(), Duration::from_mins(10));
    world.store.announce(&cut.url, due_at).await.unwrap();
    world.pictures.store(cut).await.unwrap();

    world.clock.advance(Duration::from_secs(599));
    assert_eq!(service.sweep().await.unwrap(), 0);
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(service.sweep().await.unwrap(), 1);
    assert_eq!(world.pictures.count(), 1, "the user's");
}

#[tokio::test]
async fn what_is_no_picture_or_of_an_account_that_is_gone_is_not_kept() {
    let world = World::default();
    let service = world.avatars();
    let alice = world.log_in("o-alice").await.account;
    let refused = service.upload(&alice, Vec::new()).await;
    assert!(matches!(
        refused,
        Err(UploadError::Avatar(AvatarError::NotAPicture))
    ));
    world.accounts().delete(&alice, None).await.unwrap();
    let gone = service.upload(&alice, b"picture".to_vec()).await;
    assert!(matches!(gone, Err(UploadError::Gone)));
    assert_eq!(world.pictures.count(), 0);
}
