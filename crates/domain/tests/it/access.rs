//! A request with a token.

use std::time::Duration;

use domain::access::{AccessError, AccessService};
use domain::login::Login;
use domain::ports::{Clock as _, TokenError};
use domain::secret::AccessToken;
use domain::sessions::{RefreshError, SessionService};

use crate::sessions::policy;
use crate::world::World;

fn access(world: &World) -> AccessService {
    AccessService {
        sessions: world.store.clone(),
        lifecycle: world.store.clone(),
        tokens: world.tokens.clone(),
        clock: world.clock.clone(),
    }
}

#[tokio::test]
async fn a_token_leads_to_its_session_and_user() {
    let world = World::default();
    let Login {
        account, tokens, ..
    } = world.log_in("o-alice").await;
    world.log_in("o-bob").await;
    let found = access(&world).account(&tokens.access).await.unwrap();
    assert_eq!(found, account);
}

#[tokio::test]
async fn a_token_that_is_foreign_or_too_old_is_refused() {
    let world = World::default();
    let login = world.log_in("o-alice").await;
    let foreign = access(&world).account(&AccessToken::new("foreign")).await;
    assert!(matches!(
        foreign,
        Err(AccessError::Token(TokenError::Invalid))
    ));
    world.clock.advance(login.tokens.access_ttl);
    let late = access(&world).account(&login.tokens.access).await;
    assert!(matches!(late, Err(AccessError::Token(TokenError::Expired))));
}

#[tokio::test]
async fn the_token_of_a_disabled_user_is_revoked() {
    let world = World::default();
    let login = world.log_in("o-alice").await;
    let user = login.account.user.id;
    world.store.disable(user, world.clock.now());
    let refused = access(&world).account(&login.tokens.access).await;
    assert!(matches!(refused, Err(AccessError::SessionRevoked)));
}

#[tokio::test]
async fn the_first_use_of_a_newer_access_token_closes_the_generation_before() {
    let world = World::default();
    let login = world.log_in("o-alice").await;
    let (store, tokens, clock) = (&world.store, &world.tokens, &world.clock);
    let policy = policy(Duration::ZERO);
    let sessions = SessionService {
        lifecycle: store.clone(),
        tokens: tokens.clone(),
        clock: clock.clone(),
        policy,
    };
    let next = sessions.refresh(&login.tokens.refresh).await.unwrap();
    let found = access(&world).account(&next.access).await.unwrap();
    assert_eq!(found.session.generation.number(), 2);
    // The older access token is good until it expires, the older refresh token is a replay.
    access(&world).account(&login.tokens.access).await.unwrap();
    let replayed = sessions.refresh(&login.tokens.refresh).await;
    assert!(matches!(replayed, Err(RefreshError::Reused)));
    let refused = access(&world).account(&next.access).await;
    assert!(matches!(refused, Err(AccessError::SessionRevoked)));
}
