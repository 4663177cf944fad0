//! Any visits, in any batches, end as they do one after the other in memory.

use std::sync::Arc;

use domain::ports::{SessionRepository, UserRepository};
use domain::secret::SessionKey;
use domain::testing::InMemoryStore;
use domain::testing::repository_contract::{Guest, StoreUnderTest};
use domain::visit::Visit;
use futures_util::future::join_all;
use proptest::prelude::*;

fn any_visit() -> impl Strategy<Value = Visit> {
    let account = prop::option::weighted(0.8, 0..2_u8);
    let union_id = prop::option::weighted(0.7, 0..3_u8);
    let nick_name = prop::option::of("[a-c]{0,1}");
    (
        0..3_u8,
        0..4_u8,
        account,
        union_id,
        nick_name,
        0..4_u8,
        0..100_i64,
    )
        .prop_map(
            |(app, open_id, account, union_id, nick_name, key, second)| {
                let mut guest = Guest::new(&format!("wx{app}"), &format!("o{open_id}"));
                if let Some(account) = account {
                    guest = guest.in_account(&format!("account {account}"));
                }
                if let Some(union_id) = union_id {
                    guest = guest.with_union_id(&format!("u{union_id}"));
                }
                let mut visit = match nick_name {
                    Some(nick_name) => guest.visit_as(second, &nick_name),
                    None => guest.visit(second),
                };
                visit.session_key = Some(SessionKey::new(format!("key {key}")));
                visit
            },
        )
}

/// A step: visits at once, then perhaps the user of one of them is disabled.
fn any_steps() -> impl Strategy<Value = Vec<(Vec<Visit>, bool)>> {
    let visits = prop::collection::vec(any_visit(), 1..12);
    prop::collection::vec((visits, prop::bool::weighted(0.1)), 1..6)
}

async fn compare(steps: Vec<(Vec<Visit>, bool)>) {
    let fake = Arc::new(InMemoryStore::default());
    let real = crate::store::sqlite().await;
    for (visits, is_one_disabled) in &steps {
        let users = real.users();
        // On SQLite there is one writer: visits are stored in their order, in any batches.
        let outcomes = join_all(visits.iter().map(|visit| users.record_visit(visit.clone()))).await;
        for (visit, outcome) in visits.iter().zip(outcomes) {
            let expected = fake.record_visit(visit.clone()).await.unwrap();
            assert_eq!(outcome.unwrap(), expected, "{visit:?}");
        }
        if *is_one_disabled && let Ok(Some(account)) = fake.find(visits[0].session.id).await {
            fake.disable(account.user.id, visits[0].at);
            real.disable(account.user.id, visits[0].at).await;
        }
    }
    let mut candidates = (fake.merge_candidates(), real.merge_candidates().await);
    candidates.0.sort();
    candidates.1.sort();
    assert_eq!(candidates.1, candidates.0);
    for visit in steps.iter().flat_map(|(visits, _)| visits) {
        let found = real.sessions().find(visit.session.id).await.unwrap();
        assert_eq!(found, fake.find(visit.session.id).await.unwrap());
        let texts = |keys: Vec<SessionKey>| -> Vec<String> {
            keys.iter().map(|key| key.expose().to_owned()).collect()
        };
        let kept = real.session_keys(&visit.app.id, &visit.open_id).await;
        let expected =
            domain::ports::AccountRepository::session_keys(&*fake, &visit.app.id, &visit.open_id);
        assert_eq!(texts(kept), texts(expected.await.unwrap()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn batches_end_as_visits_one_after_the_other(steps in any_steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(compare(steps));
    }
}
