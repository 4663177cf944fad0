//! What users do to their own accounts.

use domain::account::AccountError;
use domain::audit::{AuditAction, AuditActor};
use domain::profile::{Edit, ProfileEdit};
use domain::visit::is_first_visit;

use crate::world::World;

fn named(nick_name: &str) -> ProfileEdit {
    ProfileEdit {
        nick_name: Edit::Set(nick_name.to_owned()),
        ..ProfileEdit::default()
    }
}

#[tokio::test]
async fn an_edit_gives_the_user_as_they_are_then() {
    let world = World::default();
    let who = world.log_in("o-alice").await.account;
    let accounts = world.accounts();
    let user = accounts.edit(&who, named("Band")).await.unwrap();
    assert_eq!(user.profile.nick_name.as_deref(), Some("Band"));
    let export = accounts.export(&who).await.unwrap();
    assert_eq!((export.account.user, export.sessions.len()), (user, 1));
}

#[tokio::test]
async fn a_deletion_leaves_an_entry_and_the_next_login_is_a_new_user() {
    let world = World::default();
    let who = world.log_in("o-alice").await.account;
    let accounts = world.accounts();
    let from = Some([127, 0, 0, 1].into());
    for _ in 0..2 {
        accounts.delete(&who, from).await.unwrap();
    }
    let audit = world.store.audit();
    assert_eq!(audit.len(), 1);
    assert_eq!(audit[0].actor, AuditActor::User);
    assert_eq!(audit[0].action, AuditAction::DeleteUser);
    assert_eq!((audit[0].user_id, audit[0].from), (Some(who.user.id), from));
    let gone = accounts.edit(&who, named("Band")).await;
    assert!(matches!(gone, Err(AccountError::Gone)));
    let gone = accounts.export(&who).await;
    assert!(matches!(gone, Err(AccountError::Gone)));
    assert!(is_first_visit(&world.log_in("o-alice").await.account));
}
