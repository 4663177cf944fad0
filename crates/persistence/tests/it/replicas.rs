//! Several replicas of the service on one PostgreSQL.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use domain::ports::{AccountRepository, RepositoryError, UserRepository};
use domain::testing::repository_contract::Guest;
use domain::visit::{Visit, VisitOutcome};
use futures_util::future::join_all;
use persistence::Database;

use crate::store::{Place, Store, account, options};

/// Replicas of a store, each with its own pool and writers.
async fn replicas(count: usize) -> (Store, Vec<Arc<Database>>) {
    let store = crate::store::postgres().await;
    let open = || Arc::new(Database::open(options(store.place.url())).unwrap());
    let replicas = std::iter::repeat_with(open).take(count).collect();
    (store, replicas)
}

/// Records visits at the same moment, in turn at each replica.
async fn spread(
    replicas: &[Arc<Database>],
    visits: Vec<Visit>,
) -> Vec<Result<VisitOutcome, RepositoryError>> {
    let tasks = visits.into_iter().zip(replicas.iter().cycle());
    let tasks = tasks.map(|(visit, replica)| {
        let users = replica.users();
        tokio::spawn(async move { users.record_visit(visit).await })
    });
    let done = join_all(tasks.collect::<Vec<_>>()).await;
    done.into_iter().map(Result::unwrap).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn first_visits_of_one_openid_at_two_replicas_make_one_user() {
    let (_store, replicas) = replicas(2).await;
    for round in 0..40 {
        let guest = Guest::new("wx01", &format!("o{round}"));
        let visits = (0..6).map(|second| guest.visit(second)).collect();
        let accounts = spread(&replicas, visits).await.into_iter().map(account);
        let users: HashSet<_> = accounts.map(|account| account.user.id).collect();
        assert_eq!(users.len(), 1, "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn first_visits_of_one_unionid_at_two_replicas_make_one_user() {
    let (store, replicas) = replicas(2).await;
    for round in 0..40 {
        let visits = ["wx01", "wx02", "wx03", "wx04"].map(|app| {
            Guest::new(app, &format!("o{round}"))
                .in_account("main")
                .with_union_id(&format!("u{round}"))
                .visit(0)
        });
        let accounts = spread(&replicas, visits.to_vec())
            .await
            .into_iter()
            .map(account);
        let users: HashSet<_> = accounts.map(|account| account.user.id).collect();
        assert_eq!(users.len(), 1, "round {round}");
    }
    let candidates = store
        .place
        .texts("SELECT id::text AS t FROM merge_candidates");
    assert!(candidates.is_empty(), "{candidates:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_session_key_is_lost_between_two_replicas() {
    let (store, replicas) = replicas(2).await;
    let guest = Guest::new("wx01", "o1");
    for round in 0..20 {
        let visits: Vec<_> = (0..3)
            .map(|second| guest.visit(round * 10 + second))
            .collect();
        let mut expected: Vec<_> = visits
            .iter()
            .filter_map(|visit| visit.session_key.as_ref())
            .map(|key| key.expose().to_owned())
            .collect();
        spread(&replicas, visits)
            .await
            .into_iter()
            .for_each(|outcome| {
                account(outcome);
            });
        let accounts = store.database.accounts();
        let kept = accounts.session_keys(guest.app_id(), guest.open_id()).await;
        let mut kept: Vec<_> = kept
            .unwrap()
            .iter()
            .map(|key| key.expose().to_owned())
            .collect();
        kept.sort();
        expected.sort();
        assert_eq!(kept, expected, "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_replicas_under_load_keep_every_visit_and_one_user_for_each_person() {
    let (store, replicas) = replicas(3).await;
    let guest = |number: i64| {
        let person = number % 50;
        Guest::new(&format!("wx0{}", number % 3), &format!("o{person}"))
            .in_account("main")
            .with_union_id(&format!("u{person}"))
    };
    let visits = (0..900).map(|number| guest(number).visit_as(number, &number.to_string()));
    let accounts: Vec<_> = spread(&replicas, visits.collect())
        .await
        .into_iter()
        .map(account)
        .collect();

    let mut user_of_person = HashMap::new();
    for account in &accounts {
        let union_id = account.identity.union_id.clone().unwrap();
        let user = *user_of_person.entry(union_id).or_insert(account.user.id);
        assert_eq!(account.user.id, user);
    }
    assert_eq!(user_of_person.len(), 50);
    assert_eq!(count(&store.place, "users"), 50);
    assert_eq!(count(&store.place, "identities"), 150);
    assert_eq!(count(&store.place, "union_ids"), 50);
    assert_eq!(count(&store.place, "sessions"), 900);
    assert_eq!(count(&store.place, "merge_candidates"), 0);
    let strays = "SELECT s.id::text AS t FROM sessions s LEFT JOIN identities i \
        USING (app_id, open_id) WHERE i.user_id IS DISTINCT FROM s.user_id";
    assert!(store.place.texts(strays).is_empty());
}

fn count(place: &Place, table: &str) -> usize {
    let count = place.texts(&format!("SELECT count(*)::text AS t FROM {table}"));
    count[0].parse().unwrap()
}
