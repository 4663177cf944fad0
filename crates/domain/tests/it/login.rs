//! A login, from the code to the tokens, with a fake of each port.

use domain::id::UserId;
use domain::login::{LoginAttempt, LoginError, NamedUser};
use domain::open_data::{EncryptedData, SignedRawData};
use domain::ports::{Clock as _, WechatFailure};
use domain::testing::wechat_error;
use domain::time::Duration;
use domain::visit::is_first_visit;
use futures_util::FutureExt;
use futures_util::future::join_all;

use crate::world::{World, attempt};

const NONCE: &str = "0123456789abcdef";

fn is_refused(error: &LoginError) -> bool {
    let LoginError::Exchange(error) = error else {
        return false;
    };
    error.failure == WechatFailure::CodeInvalid
}

fn is_spent(error: &LoginError) -> bool {
    matches!(error, LoginError::CodeSpent)
}

#[tokio::test]
async fn a_replica_exchanges_a_code_at_most_once() {
    let world = World::default();
    world.wechat.give_code("c", "o-alice", None);
    let service = world.replica();
    let with_code = attempt("c", None);
    let logins = join_all((0..10).map(|_| service.login(&with_code))).await;
    assert_eq!(logins.iter().filter(|login| login.is_ok()).count(), 1);
    assert!(
        logins
            .iter()
            .filter_map(|login| login.as_ref().err())
            .all(is_spent)
    );
    assert!(
        service
            .login(&with_code)
            .await
            .is_err_and(|error| is_spent(&error))
    );
    assert_eq!(world.wechat.calls(), 1);
}

#[tokio::test]
async fn no_code_is_spent_while_there_is_no_key_to_sign_with() {
    let world = World::default();
    world.wechat.give_code("c", "o-alice", None);
    let service = world.replica();
    world.tokens.set_key(false);
    let refused = service.login(&attempt("c", None)).await;
    assert!(matches!(refused, Err(LoginError::Token(_))));
    assert_eq!(world.wechat.calls(), 0);
    world.tokens.set_key(true);
    assert!(service.login(&attempt("c", None)).await.is_ok());
}

#[tokio::test]
async fn the_same_nonce_gives_the_same_session_with_new_tokens() {
    let world = World::default();
    world.wechat.give_code("c", "o-alice", None);
    let service = world.replica();
    let again = attempt("c", Some(NONCE));
    let logins = join_all((0..5).map(|_| service.login(&again))).await;
    let logins: Vec<_> = logins.into_iter().map(Result::unwrap).collect();
    for login in &logins[1..] {
        assert_eq!(login.account.session.id, logins[0].account.session.id);
        assert_ne!(
            login.tokens.access.expose(),
            logins[0].tokens.access.expose()
        );
        assert!(is_first_visit(&login.account));
    }
    assert_eq!(world.wechat.calls(), 1);
}

#[tokio::test]
async fn the_nonce_holds_on_another_replica_too_and_for_a_minute() {
    let world = World::default();
    world.wechat.give_code("c", "o-alice", None);
    let first = world
        .replica()
        .login(&attempt("c", Some(NONCE)))
        .await
        .unwrap();
    let again = world
        .replica()
        .login(&attempt("c", Some(NONCE)))
        .await
        .unwrap();
    assert_eq!(again.account.session.id, first.account.session.id);
    let stranger = world
        .replica()
        .login(&attempt("c", Some("fedcba9876543210")))
        .await;
    assert!(stranger.is_err_and(|error| is_refused(&error)));
    world.clock.advance(Duration::from_secs(61));
    let late = world.replica().login(&attempt("c", Some(NONCE))).await;
    assert!(late.is_err_and(|error| is_refused(&error)));
}

#[tokio::test]
async fn a_replica_waits_for_another_that_is_still_storing_the_session() {
    let world = World::default();
    // WeChat has the code from the other replica, whose session is stored a little later: here,
    // while the first replica waits.
    world.wechat.give_code("c", "o-alice", None);
    let (one, other) = (world.replica(), world.replica());
    let with_nonce = attempt("c", Some(NONCE));
    let (first, second) = tokio::join!(one.login(&with_nonce), other.login(&with_nonce));
    assert_eq!(
        first.unwrap().account.session.id,
        second.unwrap().account.session.id
    );
}

#[tokio::test]
async fn a_code_that_was_not_consumed_may_be_tried_again() {
    let world = World::default();
    world.wechat.give_code("c", "o-alice", None);
    let away = wechat_error(WechatFailure::Unavailable, false);
    world.wechat.fail_once(away);
    let service = world.replica();
    service.login(&attempt("c", None)).await.unwrap_err();
    service.login(&attempt("c", None)).await.unwrap();
}

#[tokio::test]
async fn a_code_that_may_be_consumed_is_not_sent_again() {
    let world = World::default();
    world.wechat.give_code("c", "o-alice", None);
    world
        .wechat
        .fail_once(wechat_error(WechatFailure::Timeout, true));
    let service = world.replica();
    service.login(&attempt("c", None)).await.unwrap_err();
    assert!(
        service
            .login(&attempt("c", None))
            .await
            .is_err_and(|error| is_spent(&error))
    );
    assert_eq!(world.wechat.calls(), 1);
}

#[tokio::test]
async fn a_login_that_is_cut_off_spends_its_code() {
    let world = World::default();
    world.wechat.give_code("c", "o-alice", None);
    let service = world.replica();
    let with_code = attempt("c", None);
    // Polled once, which sends the code, and then dropped.
    assert!(service.login(&with_code).now_or_never().is_none());
    assert!(
        service
            .login(&with_code)
            .await
            .is_err_and(|error| is_spent(&error))
    );
}

#[tokio::test]
async fn data_that_does_not_open_stores_no_user() {
    let world = World::default();
    world.wechat.give_code("one", "o-alice", None);
    world.wechat.give_code("two", "o-alice", None);
    let service = world.replica();
    let forged = LoginAttempt {
        encrypted_data: Some(EncryptedData {
            encrypted_data: "forged".into(),
            iv: String::new(),
        }),
        ..attempt("one", None)
    };
    assert!(matches!(
        service.login(&forged).await,
        Err(LoginError::OpenData(_))
    ));
    let login = service.login(&attempt("two", None)).await.unwrap();
    assert!(is_first_visit(&login.account));
}

#[tokio::test]
async fn encrypted_data_is_learnt_after_raw_data() {
    let world = World::default();
    world.wechat.give_code("c", "o-alice", None);
    let both = LoginAttempt {
        encrypted_data: Some(EncryptedData {
            encrypted_data: "encrypted".into(),
            iv: String::new(),
        }),
        raw_data: Some(SignedRawData {
            raw_data: b"raw".to_vec(),
            signature: "good".into(),
        }),
        ..attempt("c", None)
    };
    let login = world.replica().login(&both).await.unwrap();
    assert_eq!(
        login.account.user.profile.nick_name.as_deref(),
        Some("encrypted")
    );
    assert!(login.watermark.is_some());
}

#[tokio::test]
async fn a_disabled_user_does_not_get_in_also_with_a_nonce() {
    let world = World::default();
    world.wechat.give_code("one", "o-alice", None);
    world.wechat.give_code("two", "o-alice", None);
    let service = world.replica();
    let user: UserId = service
        .login(&attempt("one", Some(NONCE)))
        .await
        .unwrap()
        .account
        .user
        .id;
    world.store.disable(user, world.clock.now());
    assert!(matches!(
        service.login(&attempt("two", None)).await,
        Err(LoginError::UserDisabled)
    ));
    let repeated = service.login(&attempt("one", Some(NONCE))).await;
    assert!(repeated.is_err_and(|error| is_spent(&error)));
}

#[tokio::test]
async fn a_user_whom_wechats_gateway_names_is_logged_in_without_a_code() {
    let world = World::default();
    let before = world.log_in("o-alice").await.account;
    world.clock.advance(Duration::from_secs(1));
    let named = NamedUser {
        app: attempt("", None).app,
        open_id: before.identity.open_id.clone(),
        union_id: None,
    };
    let login = world.replica().login_named(named.clone()).await.unwrap();
    assert_eq!(login.account.user.id, before.user.id);
    assert!(!is_first_visit(&login.account));
    assert_eq!(world.wechat.calls(), 1);
    world.store.disable(before.user.id, world.clock.now());
    let refused = world.replica().login_named(named).await;
    assert!(matches!(refused, Err(LoginError::UserDisabled)));
}
