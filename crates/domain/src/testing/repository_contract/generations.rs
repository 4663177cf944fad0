//! Rules: generations of tokens.

use futures_util::future::join_all;

use super::guest::at;
use super::{Guest, Store};
use crate::id::SessionId;
use crate::ports::GenerationUse::{Ended, Replayed};
use crate::ports::{GenerationUse, TokenUse};
use crate::session::{Generation, SessionAccount};
use crate::time::{Duration, Timestamp};

/// A refresh without a grace.
async fn used(store: &Store, id: SessionId, number: u32, second: i64) -> GenerationUse {
    used_with(store, id, number, second, Duration::ZERO).await
}

/// A refresh with a grace of ten seconds.
async fn used_in_grace(store: &Store, id: SessionId, number: u32, second: i64) -> GenerationUse {
    used_with(store, id, number, second, Duration::from_secs(10)).await
}

async fn used_with(
    store: &Store,
    id: SessionId,
    number: u32,
    second: i64,
    grace: Duration,
) -> GenerationUse {
    let expires_at = at(second + 86_400);
    let token = TokenUse::Refresh { expires_at, grace };
    let lifecycle = store.lifecycle();
    let used = lifecycle.use_generation(id, Generation::new(number), at(second), token);
    used.await.unwrap()
}

/// A request with an access token.
async fn accessed(store: &Store, id: SessionId, number: u32, second: i64) -> GenerationUse {
    let (lifecycle, generation) = (store.lifecycle(), Generation::new(number));
    let used = lifecycle.use_generation(id, generation, at(second), TokenUse::Access);
    used.await.unwrap()
}

async fn opened(store: &Store, open_id: &str) -> SessionAccount {
    store.log_in(&Guest::new("wx01", open_id), 0).await
}

async fn ended_at(store: &Store, id: SessionId) -> Option<Timestamp> {
    store.session(id).await.unwrap().session.ended_at
}

fn live(used: GenerationUse) -> Option<SessionAccount> {
    match used {
        GenerationUse::Live(account) => Some(*account),
        Replayed | Ended => None,
    }
}

pub async fn a_generation_can_be_used_until_its_successor_is(store: &Store) {
    let visit = Guest::new("wx01", "o1").visit_as(0, "Band");
    let account = store.admit(visit).await;
    let id = account.session.id;
    let parallel = join_all((0..20).map(|second| used(store, id, 1, second))).await;
    for account in parallel.into_iter().map(live) {
        assert_eq!(account.unwrap().session.generation, Generation::FIRST);
    }
    let next = live(used(store, id, 2, 30).await).unwrap();
    assert_eq!(next.session.generation, Generation::new(2));
    assert_eq!(next.user, account.user);
    assert_eq!(next.identity, account.identity);
    assert!(live(used(store, id, 2, 31).await).is_some());
    assert!(live(used(store, id, 5, 32).await).is_some());
    assert_eq!(ended_at(store, id).await, None);
}

pub async fn the_use_of_a_replaced_generation_ends_the_session_on_every_replica(store: &Store) {
    let replica = store.replica();
    let id = opened(store, "o1").await.session.id;
    assert!(live(used(&*replica, id, 2, 10).await).is_some());
    assert_eq!(used(store, id, 1, 20).await, Replayed);
    assert_eq!(used(&*replica, id, 2, 30).await, Ended);
    assert_eq!(used(store, id, 1, 30).await, Ended);
    assert_eq!(ended_at(&*replica, id).await, Some(at(20)));
}

pub async fn a_generation_that_was_just_replaced_is_taken_for_the_grace(store: &Store) {
    let replica = store.replica();
    let id = opened(store, "o1").await.session.id;
    assert!(live(used_in_grace(store, id, 1, 10).await).is_some());
    let newest = live(used_in_grace(&*replica, id, 2, 20).await).unwrap();
    assert_eq!(newest.session.last_used_at, at(20));
    // Nothing changes, so the session is not prolonged.
    for second in [20, 25, 29] {
        for store in [store, &*replica] {
            let again = live(used_in_grace(store, id, 1, second).await);
            assert_eq!(again.as_ref(), Some(&newest), "at {second}");
        }
    }
    // The grace begins with the first use of the newest generation, not with a later one.
    let prolonged = live(used_in_grace(store, id, 2, 29).await).unwrap();
    assert_eq!(prolonged.session.last_used_at, at(20));
    assert_eq!(prolonged.session.expires_at, at(29 + 86_400));
    assert_eq!(used_in_grace(&*replica, id, 1, 30).await, Replayed);
    assert_eq!(used_in_grace(store, id, 2, 31).await, Ended);
    assert_eq!(ended_at(store, id).await, Some(at(30)));
}

pub async fn the_grace_is_for_the_generation_before_the_newest_alone(store: &Store) {
    let id = opened(store, "o1").await.session.id;
    for number in [2, 3] {
        // The access token of the next pair closes a generation too.
        assert!(live(accessed(store, id, number, 10).await).is_some());
    }
    assert!(live(used_in_grace(store, id, 2, 11).await).is_some());
    assert_eq!(used_in_grace(store, id, 1, 11).await, Replayed);
    assert_eq!(ended_at(store, id).await, Some(at(11)));
}

pub async fn an_access_token_of_a_replaced_generation_changes_nothing(store: &Store) {
    let id = opened(store, "o1").await.session.id;
    let newest = live(used(store, id, 3, 10).await);
    assert!(newest.is_some());
    for number in [1, 2] {
        assert_eq!(live(accessed(store, id, number, 20).await), newest);
    }
    assert_eq!(ended_at(store, id).await, None);
    assert!(live(used(store, id, 3, 30).await).is_some());
}

pub async fn uses_of_two_generations_at_once_end_in_one_state(store: &Store) {
    let replica = store.replica();
    for round in 0..10 {
        let id = opened(store, &format!("o{round}")).await.session.id;
        let uses = (0..8_u32).map(|number| {
            let store = if number < 4 { store } else { &*replica };
            used(store, id, 1 + number % 2, 10)
        });
        let uses = join_all(uses).await;
        let replays = uses.iter().filter(|used| **used == Replayed).count();
        let ended = ended_at(store, id).await;
        assert!(replays <= 1, "{replays} uses ended the session");
        assert_eq!(ended.is_some(), replays == 1);
        // Nothing of the first generation is good from now on, and that is durable.
        assert!(live(used(store, id, 1, 20).await).is_none());
        assert_eq!(used(&*replica, id, 2, 30).await, Ended);
    }
}

pub async fn a_use_moves_the_end_and_a_new_generation_the_time_of_last_use(store: &Store) {
    let account = opened(store, "o1").await;
    let id = account.session.id;
    for (number, second, last_used) in [(1, 10, 0), (2, 20, 20)] {
        let used = match number {
            1 => used(store, id, number, second).await,
            _ => accessed(store, id, number, second).await,
        };
        let session = live(used).unwrap().session;
        assert_eq!(session.expires_at, at(10 + 86_400));
        assert_eq!(session.last_used_at, at(last_used));
        let listed = store.live(account.user.id, second).await;
        assert_eq!(listed[0].session, session);
    }
}

pub async fn a_session_that_is_over_cannot_be_used(store: &Store) {
    let unknown = SessionId::new(uuid::Uuid::now_v7());
    assert_eq!(used(store, unknown, 1, 0).await, Ended);

    let expired = opened(store, "o1").await.session.id;
    assert_eq!(used(store, expired, 1, 86_400).await, Ended);

    let out = opened(store, "o2").await;
    let (lifecycle, id) = (store.lifecycle(), out.session.id);
    assert!(lifecycle.end(out.user.id, id, at(10)).await.unwrap());
    assert_eq!(used(store, id, 1, 20).await, Ended);

    let shut_out = opened(store, "o3").await;
    store.disable(shut_out.user.id, at(10)).await;
    assert_eq!(used(store, shut_out.session.id, 1, 20).await, Ended);
}
