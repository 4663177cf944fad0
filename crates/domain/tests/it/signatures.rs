//! Signatures with a user's session_key.

use std::sync::Arc;

use domain::audit::AuditAction;
use domain::id::{AppId, OpenId, UserId};
use domain::login::NamedUser;
use domain::ports::Clock as _;
use domain::signatures::{SignatureError, SignatureOrder, SignatureService, Whom};
use domain::testing::ScriptedUserApi;
use uuid::Uuid;

use crate::world::{World, attempt, operator};

fn service(world: &World, wechat: Arc<ScriptedUserApi>) -> SignatureService {
    SignatureService {
        signatories: world.store.clone(),
        wechat,
        sign: |key, text| format!("{}: {}", key.expose(), String::from_utf8_lossy(text)),
        audit: world.store.clone(),
        clock: world.clock.clone(),
    }
}

fn order(app: &str, user: Whom, check_session: bool) -> SignatureOrder {
    SignatureOrder {
        app: AppId::new(app),
        user,
        text: String::from("{\"a\":1}"),
        digest: String::from("digest"),
        check_session,
    }
}

#[tokio::test]
async fn the_newest_session_key_signs_and_an_entry_is_left() {
    let world = World::default();
    for code in ["old", "new"] {
        world.wechat.give_code(code, "o-alice", None);
        world.replica().login(&attempt(code, None)).await.unwrap();
    }
    let service = service(&world, Arc::default());
    let alice = || Whom::OpenId(OpenId::new("o-alice"));
    let signed = service
        .sign(&order("wx01", alice(), true), &operator())
        .await;
    let signed = signed.unwrap();
    assert_eq!(signed.signature, "key of new: {\"a\":1}");
    let audit = world.store.audit();
    assert_eq!(audit[0].action, AuditAction::SignText);
    assert_eq!(audit[0].subject.as_deref(), Some("digest"));
    let by_id = Whom::User(audit[0].user_id.unwrap());
    let again = service
        .sign(&order("wx01", by_id, false), &operator())
        .await;
    assert_eq!(again.unwrap(), signed);
}

#[tokio::test]
async fn nothing_is_signed_for_those_who_are_not_there_or_shut_out() {
    let world = World::default();
    let alice = world.log_in("o-alice").await.account.user.id;
    let service = service(&world, Arc::default());
    for (app, whom) in [
        ("wx01", Whom::User(UserId::new(Uuid::now_v7()))),
        ("wx01", Whom::OpenId(OpenId::new("o-bob"))),
        ("wx02", Whom::User(alice)),
    ] {
        let refused = service.sign(&order(app, whom, false), &operator()).await;
        assert!(matches!(refused, Err(SignatureError::NoSuchUser)), "{app}");
    }
    world.store.disable(alice, world.clock.now());
    let order = order("wx01", Whom::User(alice), false);
    let refused = service.sign(&order, &operator()).await;
    assert!(matches!(refused, Err(SignatureError::UserDisabled)));
    assert!(world.store.audit().is_empty());
}

#[tokio::test]
async fn without_a_current_session_key_nothing_is_signed() {
    let world = World::default();
    let alice = world.log_in("o-alice").await.account.user.id;
    let named = NamedUser {
        app: attempt("", None).app,
        open_id: OpenId::new("o-bob"),
        union_id: None,
    };
    let bob = world.replica().login_named(named).await.unwrap();
    let wechat = Arc::new(ScriptedUserApi::default());
    wechat.replace_keys();
    let service = service(&world, wechat);
    for (user, check) in [(alice, true), (bob.account.user.id, false)] {
        let order = order("wx01", Whom::User(user), check);
        let refused = service.sign(&order, &operator()).await;
        assert!(matches!(refused, Err(SignatureError::SessionKeyStale)));
    }
    assert!(world.store.audit().is_empty());
    let unchecked = order("wx01", Whom::User(alice), false);
    service.sign(&unchecked, &operator()).await.unwrap();
}
