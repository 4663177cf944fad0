//! Rules: generations of tokens.

use futures_util::future::join_all;

use super::guest::at;
use super::{ALL, Guest, StoreUnderTest, admitted};
use crate::id::SessionId;
use crate::ports::{GenerationUse, TokenUse};
use crate::session::{Generation, SessionAccount};
use crate::time::{Duration, Timestamp};

const FIRST: Generation = Generation::FIRST;

/// A refresh without a grace.
async fn used(
    store: &dyn StoreUnderTest,
    id: SessionId,
    number: u32,
    second: i64,
) -> GenerationUse {
    used_with_grace(store, id, number, second, 0).await
}

async fn used_with_grace(
    store: &dyn StoreUnderTest,
    id: SessionId,
    number: u32,
    second: i64,
    grace_s: u64,
) -> GenerationUse {
    let token = TokenUse::Refresh {
        expires_at: at(second + 86_400),
        grace: Duration::from_secs(grace_s),
    };
    let lifecycle = store.lifecycle();
    let used = lifecycle.use_generation(id, Generation::new(number), at(second), token);
    used.await.unwrap()
}

async fn opened(store: &dyn StoreUnderTest) -> SessionId {
    let account = admitted(store, Guest::new("wx01", "o1").visit(0)).await;
    account.session.id
}

async fn ended_at(store: &dyn StoreUnderTest, id: SessionId) -> Option<Timestamp> {
    let found = store.session(id).await;
    found.unwrap().session.ended_at
}

fn live(used: GenerationUse) -> Option<SessionAccount> {
    match used {
        GenerationUse::Live(account) => Some(*account),
        GenerationUse::Replayed | GenerationUse::Ended => None,
    }
}

pub async fn a_generation_can_be_used_until_its_successor_is(store: &dyn StoreUnderTest) {
    let account = admitted(store, Guest::new("wx01", "o1").visit_as(0, "Band")).await;
    let id = account.session.id;
    let parallel = join_all((0..20).map(|second| used(store, id, 1, second))).await;
    for account in parallel.into_iter().map(live) {
        assert_eq!(account.unwrap().session.generation, FIRST);
    }
    let next = live(used(store, id, 2, 30).await).unwrap();
    assert_eq!(next.session.generation, Generation::new(2));
    assert_eq!(next.user, account.user);
    assert_eq!(next.identity, account.identity);
    assert!(live(used(store, id, 2, 31).await).is_some());
    assert!(live(used(store, id, 5, 32).await).is_some());
    assert_eq!(ended_at(store, id).await, None);
}

pub async fn the_use_of_a_replaced_generation_ends_the_session_on_every_replica(
    store: &dyn StoreUnderTest,
) {
    let replica = store.replica();
    let id = opened(store).await;
    assert!(live(used(&*replica, id, 2, 10).await).is_some());
    assert_eq!(used(store, id, 1, 20).await, GenerationUse::Replayed);
    assert_eq!(used(&*replica, id, 2, 30).await, GenerationUse::Ended);
    assert_eq!(used(store, id, 1, 30).await, GenerationUse::Ended);
    assert_eq!(ended_at(&*replica, id).await, Some(at(20)));
}

pub async fn a_generation_that_was_just_replaced_is_taken_for_the_grace(
    store: &dyn StoreUnderTest,
) {
    let replica = store.replica();
    let id = opened(store).await;
    assert!(live(used_with_grace(store, id, 1, 10, 10).await).is_some());
    let newest = live(used_with_grace(&*replica, id, 2, 20, 10).await).unwrap();
    assert_eq!(newest.session.last_used_at, at(20));
    // Nothing changes, so the session is not prolonged.
    for second in [20, 25, 29] {
        for store in [store, &*replica] {
            let again = live(used_with_grace(store, id, 1, second, 10).await);
            assert_eq!(again.as_ref(), Some(&newest), "at {second}");
        }
    }
    // The grace begins with the first use of the newest generation, not with a later one.
    let prolonged = live(used_with_grace(store, id, 2, 29, 10).await).unwrap();
    assert_eq!(prolonged.session.last_used_at, at(20));
    assert_eq!(prolonged.session.expires_at, at(29 + 86_400));
    assert_eq!(
        used_with_grace(&*replica, id, 1, 30, 10).await,
        GenerationUse::Replayed
    );
    assert_eq!(
        used_with_grace(store, id, 2, 31, 10).await,
        GenerationUse::Ended
    );
    assert_eq!(ended_at(store, id).await, Some(at(30)));
}

pub async fn the_grace_is_for_the_generation_before_the_newest_alone(store: &dyn StoreUnderTest) {
    let lifecycle = store.lifecycle();
    let id = opened(store).await;
    for number in [2, 3] {
        // The access token of the next pair closes a generation too.
        let used = lifecycle.use_generation(id, Generation::new(number), at(10), TokenUse::Access);
        assert!(live(used.await.unwrap()).is_some());
    }
    assert!(live(used_with_grace(store, id, 2, 11, 10).await).is_some());
    assert_eq!(
        used_with_grace(store, id, 1, 11, 10).await,
        GenerationUse::Replayed
    );
    assert_eq!(ended_at(store, id).await, Some(at(11)));
}

pub async fn an_access_token_of_a_replaced_generation_changes_nothing(store: &dyn StoreUnderTest) {
    let account = admitted(store, Guest::new("wx01", "o1").visit(0)).await;
    let id = account.session.id;
    let newest = live(used(store, id, 3, 10).await).unwrap();
    let lifecycle = store.lifecycle();
    for number in [1, 2] {
        let used = lifecycle.use_generation(id, Generation::new(number), at(20), TokenUse::Access);
        assert_eq!(live(used.await.unwrap()), Some(newest.clone()));
    }
    assert_eq!(ended_at(store, id).await, None);
    assert!(live(used(store, id, 3, 30).await).is_some());
}

pub async fn uses_of_two_generations_at_once_end_in_one_state(store: &dyn StoreUnderTest) {
    let replica = store.replica();
    for round in 0..10 {
        let guest = Guest::new("wx01", &format!("o{round}"));
        let id = admitted(store, guest.visit(0)).await.session.id;
        let uses = (0..8_u32).map(|number| {
            let store = if number < 4 { store } else { &*replica };
            used(store, id, 1 + number % 2, 10)
        });
        let uses = join_all(uses).await;
        let replays = uses.iter().filter(|used| **used == GenerationUse::Replayed);
        let (replays, ended) = (replays.count(), ended_at(store, id).await);
        assert!(replays <= 1, "{replays} uses ended the session");
        assert_eq!(ended.is_some(), replays == 1);
        // Nothing of the first generation is good from now on, and that is durable.
        let last = used(store, id, 1, 20).await;
        assert!(live(last).is_none());
        assert_eq!(used(&*replica, id, 2, 30).await, GenerationUse::Ended);
    }
}

pub async fn a_use_moves_the_end_and_a_new_generation_the_time_of_last_use(
    store: &dyn StoreUnderTest,
) {
    let lifecycle = store.lifecycle();
    let account = admitted(store, Guest::new("wx01", "o1").visit(0)).await;
    let (user, id) = (account.user.id, account.session.id);

    let same = live(used(store, id, 1, 10).await).unwrap();
    assert_eq!(same.session.expires_at, at(10 + 86_400));
    assert_eq!(same.session.last_used_at, at(0));
    let listed = lifecycle.list(user, at(10), ALL).await.unwrap();
    assert_eq!(listed[0].session, same.session);

    let unmoved = lifecycle.use_generation(id, Generation::new(2), at(20), TokenUse::Access);
    let unmoved = live(unmoved.await.unwrap()).unwrap();
    assert_eq!(unmoved.session.expires_at, at(10 + 86_400));
    assert_eq!(unmoved.session.last_used_at, at(20));
    let listed = lifecycle.list(user, at(20), ALL).await.unwrap();
    assert_eq!(listed[0].session, unmoved.session);
}

pub async fn a_session_that_is_over_cannot_be_used(store: &dyn StoreUnderTest) {
    let unknown = SessionId::new(uuid::Uuid::now_v7());
    assert_eq!(used(store, unknown, 1, 0).await, GenerationUse::Ended);

    let expired = admitted(store, Guest::new("wx01", "o1").visit(0))
        .await
        .session;
    assert_eq!(
        used(store, expired.id, 1, 86_400).await,
        GenerationUse::Ended
    );

    let out = admitted(store, Guest::new("wx01", "o2").visit(0)).await;
    let lifecycle = store.lifecycle();
    let logout = lifecycle.end(out.user.id, out.session.id, at(10)).await;
    assert!(logout.unwrap());
    assert_eq!(
        used(store, out.session.id, 1, 20).await,
        GenerationUse::Ended
    );

    let shut_out = admitted(store, Guest::new("wx01", "o3").visit(0)).await;
    store.disable(shut_out.user.id, at(10)).await;
    let id = shut_out.session.id;
    assert_eq!(used(store, id, 1, 20).await, GenerationUse::Ended);
}
