//! Sessions against a model of their rules: phones do anything at random, on one replica and on
//! two, of which one is suspended, cut off or has its clock set, and every answer must be one that
//! the rules allow.

mod commands;
mod phones;
mod replicas;
mod rules;

use std::cell::RefCell;

use futures_util::future::{join, join_all};
use proptest::test_runner::{Config, RngSeed, TestError, TestRunner};
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::stack::{Answer, Store, soon};
use commands::Command;
use phones::Phones;
use replicas::Replicas;

#[rstest]
fn phones_that_do_anything_find_the_rules_kept(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
    #[values(0, 3600)] grace_s: u32,
) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let replicas = RefCell::new(runtime.block_on(Replicas::new(store, grace_s)));
    let config = config();
    let seed = config.rng_seed;
    let walked = TestRunner::new(config).run(&commands::walk(), |walk| {
        let mut replicas = replicas.borrow_mut();
        runtime.block_on(Phones::new(&mut replicas, grace_s > 0).walk(&walk))
    });
    let failure = walked.err().map(|error| told(&error));
    let told = failure.as_deref().unwrap_or_default();
    assert!(
        failure.is_none(),
        "{told}\nThe same walks again: PROPTEST_RNG_SEED={seed}"
    );
}

/// What went wrong, and on which walk, a command a line.
fn told(failure: &TestError<Vec<Command>>) -> String {
    match failure {
        TestError::Abort(reason) => reason.to_string(),
        TestError::Fail(reason, walk) => walk.iter().fold(reason.to_string(), |told, command| {
            format!("{told}\n  {command:?}")
        }),
    }
}

/// A dozen walks, or as many as `PROPTEST_CASES` says; with a seed that can be printed.
fn config() -> Config {
    let mut config = Config {
        failure_persistence: None,
        max_shrink_time: 60_000,
        max_shrink_iters: 1_000,
        ..Config::default()
    };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = 12;
    }
    if config.rng_seed == RngSeed::Random {
        config.rng_seed = RngSeed::Fixed(rand::random());
    }
    config
}

/// Repeats of an old refresh meet the first use of the pair that replaced it.
#[rstest]
#[case::its_access_token(false)]
#[case::its_refresh_token(true)]
#[tokio::test]
async fn repeats_that_meet_the_first_use_of_the_successor_are_given_a_pair_or_end_the_session(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
    #[case] by_refresh: bool,
) {
    let replicas = Replicas::new(store, 0).await;
    for round in 0..16 {
        let login = replicas.stack.logged_in("alice").await;
        let next = refresh(&replicas, 0, &login).await.data();
        let repeats = join_all((0..6).map(|number| refresh(&replicas, number % 2, &login)));
        let first_use = async {
            if by_refresh {
                refresh(&replicas, 0, &next).await
            } else {
                me(&replicas, 1, &next).await
            }
        };
        let (repeats, first_use) = join(repeats, first_use).await;
        let replays = repeats.iter().filter(|answer| is(answer, "refresh_reused"));
        let reused = replays.count();
        assert!(reused <= 1, "only one of them ends it: {repeats:#?}");
        for answer in repeats.iter().chain([&first_use]) {
            let ended_before = reused == 1 && is(answer, "session_revoked");
            let is_allowed =
                answer.status.is_success() || is(answer, "refresh_reused") || ended_before;
            assert!(is_allowed, "{answer:#?}");
        }
        let given = repeats.iter().chain([&first_use]);
        let mut given = given.map(|answer| &answer.body["data"]);
        let newest = given.rfind(|data| data["refreshToken"].is_string());
        let newest = newest.unwrap_or(&next);
        if reused == 1 {
            for pair in [&login, &next, newest] {
                refresh(&replicas, 0, pair)
                    .await
                    .refused(401, "session_revoked");
                refresh(&replicas, 1, pair)
                    .await
                    .refused(401, "session_revoked");
            }
        } else if round % 2 == 0 {
            // No repeat has undone the use.
            refresh(&replicas, 1, &login)
                .await
                .refused(401, "refresh_reused");
        } else {
            let newest = refresh(&replicas, 1, newest).await.data();
            me(&replicas, 0, &newest).await.data();
            me(&replicas, 1, &newest).await.data();
        }
    }
}

/// The answer is an error; what it did is kept all the same.
#[rstest]
#[tokio::test]
async fn a_session_that_many_replays_ended_at_once_stays_ended_after_a_restart(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let mut replicas = Replicas::new(store, 0).await;
    let login = replicas.stack.logged_in("alice").await;
    let next = refresh(&replicas, 0, &login).await.data();
    me(&replicas, 1, &next).await.data();
    let replays = join_all((0..6).map(|number| refresh(&replicas, number % 2, &login))).await;
    let reused = replays
        .iter()
        .filter(|answer| is(answer, "refresh_reused"))
        .count();
    let revoked = replays
        .iter()
        .filter(|answer| is(answer, "session_revoked"))
        .count();
    assert_eq!((reused, revoked), (1, 5), "{replays:#?}");
    for replica in 0..replicas.count() {
        replicas.restart(replica).await;
    }
    for replica in 0..replicas.count() {
        for pair in [&login, &next] {
            me(&replicas, replica, pair)
                .await
                .refused(401, "session_revoked");
            refresh(&replicas, replica, pair)
                .await
                .refused(401, "session_revoked");
        }
    }
}

/// An access token is good until it expires, also where its session was last seen long ago.
#[tokio::test]
async fn an_older_access_token_on_the_other_replica_ends_nothing() {
    let replicas = Replicas::new(Store::Postgres, 0).await;
    let first = replicas.stack.logged_in("alice").await;
    // The other replica remembers the session as it is now.
    soon("the other replica to remember", || async {
        me(&replicas, 1, &first)
            .await
            .status
            .is_success()
            .then_some(())
    })
    .await;
    let second = refresh(&replicas, 0, &first).await.data();
    let third = refresh(&replicas, 0, &second).await.data();
    me(&replicas, 0, &third).await.data();
    for older in [&second, &first] {
        me(&replicas, 1, older).await.data();
        me(&replicas, 0, older).await.data();
    }
    me(&replicas, 1, &third).await.data();
    refresh(&replicas, 1, &third).await.data();
}

fn is(answer: &Answer, error: &str) -> bool {
    answer.status == 401 && answer.body["error"] == error
}

async fn refresh(replicas: &Replicas, at: usize, pair: &Value) -> Answer {
    let body = json!({ "refreshToken": pair["refreshToken"] });
    replicas
        .send(at, Method::POST, "/user/refresh", None, Some(&body))
        .await
}

async fn me(replicas: &Replicas, at: usize, pair: &Value) -> Answer {
    replicas
        .send(at, Method::GET, "/user/me", pair["token"].as_str(), None)
        .await
}
