//! How sessions go on and end.

use domain::account::Page;
use domain::secret::RefreshToken;
use domain::session::SessionAccount;
use domain::sessions::{RefreshError, SessionPolicy, SessionService};
use domain::time::Duration;

use crate::world::World;

const HOUR: Duration = Duration::from_hours(1);

pub(crate) fn policy(reuse_grace: Duration) -> SessionPolicy {
    SessionPolicy {
        ttl: HOUR,
        reuse_grace,
    }
}

fn sessions(world: &World, grace_s: u64) -> SessionService {
    SessionService {
        lifecycle: world.store.clone(),
        tokens: world.tokens.clone(),
        clock: world.clock.clone(),
        policy: policy(Duration::from_secs(grace_s)),
    }
}

async fn live(world: &World, of: &SessionAccount) -> usize {
    sessions(world, 0)
        .list(of, Page::first(10))
        .await
        .unwrap()
        .len()
}

#[tokio::test]
async fn a_refresh_token_gives_a_pair_until_its_successor_is_used() {
    let world = World::default();
    let first = world.log_in("o-alice").await.tokens;
    let sessions = sessions(&world, 0);
    sessions.refresh(&first.refresh).await.unwrap();
    let second = sessions.refresh(&first.refresh).await.unwrap();
    assert_eq!(second.refresh_ttl, HOUR);
    sessions.refresh(&second.refresh).await.unwrap();
    for expected in ["Reused", "SessionRevoked"] {
        let refused = sessions.refresh(&first.refresh).await.unwrap_err();
        assert_eq!(format!("{refused:?}"), expected);
    }
}

#[tokio::test]
async fn within_the_grace_the_pair_tells_how_long_the_session_still_lives() {
    let world = World::default();
    let first = world.log_in("o-alice").await.tokens;
    let sessions = sessions(&world, 10);
    let second = sessions.refresh(&first.refresh).await.unwrap();
    sessions.refresh(&second.refresh).await.unwrap();
    world.clock.advance(Duration::from_secs(9));
    let again = sessions.refresh(&first.refresh).await.unwrap();
    assert_eq!(again.refresh_ttl + Duration::from_secs(9), HOUR);
    world.clock.advance(Duration::from_secs(1));
    let late = sessions.refresh(&first.refresh).await;
    assert!(matches!(late, Err(RefreshError::Reused)));
}

#[tokio::test]
async fn a_refresh_token_that_is_foreign_or_too_old_is_invalid() {
    let world = World::default();
    let login = world.log_in("o-alice").await;
    let foreign = sessions(&world, 0)
        .refresh(&RefreshToken::new("foreign"))
        .await;
    assert!(matches!(foreign, Err(RefreshError::Invalid)));
    world.clock.advance(HOUR);
    let late = sessions(&world, 0).refresh(&login.tokens.refresh).await;
    assert!(matches!(
        late,
        Err(RefreshError::Invalid | RefreshError::SessionRevoked)
    ));
}

#[tokio::test]
async fn without_a_key_a_refresh_fails_and_the_session_goes_on() {
    let world = World::default();
    let tokens = world.log_in("o-alice").await.tokens;
    world.tokens.set_key(false);
    let refused = sessions(&world, 0).refresh(&tokens.refresh).await;
    assert!(matches!(refused, Err(RefreshError::Token(_))));
    world.tokens.set_key(true);
    sessions(&world, 0).refresh(&tokens.refresh).await.unwrap();
}

#[tokio::test]
async fn a_logout_ends_this_session_or_all_of_the_user() {
    let world = World::default();
    let one = world.log_in("o-alice").await.account;
    let other = world.log_in("o-alice").await.account;
    world.log_in("o-alice").await;
    let bob = world.log_in("o-bob").await.account;
    let sessions = sessions(&world, 0);
    sessions.log_out(&one, false).await.unwrap();
    assert_eq!(live(&world, &one).await, 2);
    sessions.log_out(&other, true).await.unwrap();
    assert_eq!((live(&world, &one).await, live(&world, &bob).await), (0, 1));
}

#[tokio::test]
async fn a_user_ends_their_own_sessions_alone() {
    let world = World::default();
    let alice = world.log_in("o-alice").await.account;
    let bob = world.log_in("o-bob").await.account;
    let sessions = sessions(&world, 0);
    assert!(!sessions.end(&bob, alice.session.id).await.unwrap());
    assert!(sessions.end(&alice, alice.session.id).await.unwrap());
    assert_eq!(live(&world, &alice).await, 0);
}
