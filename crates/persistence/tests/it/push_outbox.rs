//! The outbox of pushed messages, on both databases.

use std::time::Duration;

use domain::account::Page;
use domain::id::{AppId, OpenId};
use domain::ports::PushOutbox;
use domain::push::{NewPush, PushState, Taken};
use persistence::Database;
use rstest::rstest;
use testpg::Server;
use uuid::Uuid;

use crate::proxy::Proxy;
use crate::rewrap::opened_with;
use crate::store::{self, Store, options};

const LEASE: Duration = Duration::from_mins(1);
const DAYS: Duration = Duration::from_hours(3 * 24);

#[derive(Clone, Copy, Debug)]
enum On {
    Sqlite,
    Postgres,
}

impl On {
    async fn store(self) -> Store {
        match self {
            Self::Sqlite => store::sqlite().await,
            Self::Postgres => store::postgres().await,
        }
    }

    /// Statements that make `columns` so many seconds older.
    fn age(self, column: &str, seconds: u32) -> String {
        match self {
            Self::Sqlite => {
                format!("UPDATE push_messages SET {column} = {column} - {seconds} * 1000000")
            }
            Self::Postgres => {
                format!(
                    "UPDATE push_messages SET {column} = {column} - interval '{seconds} seconds'"
                )
            }
        }
    }
}

fn message(key: u8) -> NewPush {
    NewPush {
        id: Uuid::now_v7(),
        app: AppId::new("wx01"),
        event: String::from("xpay_goods_deliver_notify"),
        user: Some(OpenId::new("o1")),
        repeat_key: [key; 32],
        body: b"{\"a\":\"\xff canary\"}".to_vec(),
    }
}

async fn states(outbox: &impl PushOutbox) -> Vec<PushState> {
    let page = Page {
        after: None,
        limit: 10,
    };
    let listed = outbox.list(None, page).await.unwrap();
    listed.iter().map(|message| message.state).collect()
}

#[rstest]
#[tokio::test]
async fn one_caller_at_a_time_has_a_message_until_its_lease_ends(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let store = on.store().await;
    let (outbox, other) = (store.database.push_outbox(), store.database.push_outbox());
    let new = message(1);
    assert_eq!(outbox.take(&new, LEASE).await.unwrap(), Taken::New);
    let repeat = NewPush {
        id: Uuid::now_v7(),
        ..new.clone()
    };
    assert_eq!(other.take(&repeat, LEASE).await.unwrap(), Taken::UnderWay);
    assert!(other.claim_due(9, LEASE).await.unwrap().is_empty());

    outbox
        .failed(new.id, 1, "HTTP 500", Duration::ZERO)
        .await
        .unwrap();
    assert_eq!(other.take(&repeat, LEASE).await.unwrap(), Taken::Stored);
    let claims = futures_util::future::join_all((0..4).map(|_| other.claim_due(9, LEASE)));
    let claimed: Vec<_> = claims.await.into_iter().flat_map(Result::unwrap).collect();
    assert_eq!(claimed.len(), 1, "one of them has it");
    assert_eq!((claimed[0].id, claimed[0].attempt), (new.id, 2));
    assert_eq!(claimed[0].body, new.body);

    // Whoever had it was killed.
    store.place.execute(&on.age("claimed_until", 61));
    let again = outbox.claim_due(9, LEASE).await.unwrap();
    assert_eq!(again[0].attempt, 3);
    // The attempt before is late, and changes nothing.
    other
        .failed(new.id, 2, "late", Duration::ZERO)
        .await
        .unwrap();
    assert!(other.claim_due(9, LEASE).await.unwrap().is_empty());
    outbox.delivered(new.id, b"answer").await.unwrap();
    let answered = other.take(&repeat, LEASE).await.unwrap();
    assert_eq!(answered, Taken::Answered(b"answer".to_vec()));
    assert_eq!(states(&outbox).await, [PushState::Delivered]);
}

#[rstest]
#[tokio::test]
async fn the_same_message_at_once_is_stored_once(#[values(On::Sqlite, On::Postgres)] on: On) {
    let store = on.store().await;
    let outbox = store.database.push_outbox();
    let messages: Vec<_> = (0..8).map(|_| message(1)).collect();
    let taken = futures_util::future::join_all(messages.iter().map(|new| outbox.take(new, LEASE)));
    let taken: Vec<_> = taken.await.into_iter().map(Result::unwrap).collect();
    assert_eq!(
        taken.iter().filter(|taken| **taken == Taken::New).count(),
        1
    );
}

#[tokio::test]
async fn a_step_whose_answer_was_lost_is_done_once() {
    let server = Server::start_private().unwrap();
    let direct = server.database().unwrap();
    let (proxy, url) = Proxy::of(&direct);
    let database = Database::open(options(url)).unwrap();
    database.migrate().await.unwrap();
    let (outbox, new) = (database.push_outbox(), message(1));
    proxy.lose_the_answer_to("INSERT INTO push_messages");
    // It is stored, and the caller's to send.
    assert_eq!(outbox.take(&new, LEASE).await.unwrap(), Taken::New);
    proxy.lose_the_answer_to("SET next_attempt_at");
    let failed = outbox.failed(new.id, 1, "HTTP 500", Duration::ZERO).await;
    failed.unwrap();
    let due = outbox.claim_due(9, LEASE).await.unwrap();
    assert_eq!((due.len(), due[0].attempt), (1, 2));
    proxy.lose_the_answer_to("SET state = 'delivered'");
    outbox.delivered(new.id, b"answer").await.unwrap();
    assert_eq!(proxy.lost(), 3);
    assert_eq!(states(&outbox).await, [PushState::Delivered]);
    let repeat = NewPush {
        id: Uuid::now_v7(),
        ..new
    };
    let answered = outbox.take(&repeat, LEASE).await.unwrap();
    assert_eq!(answered, Taken::Answered(b"answer".to_vec()));
}

#[rstest]
#[tokio::test]
async fn what_waits_too_long_expires_and_what_is_settled_goes(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let store = on.store().await;
    let outbox = store.database.push_outbox();
    outbox.take(&message(1), LEASE).await.unwrap();
    assert_eq!(outbox.expire(DAYS, DAYS).await.unwrap(), 0);
    assert_eq!(outbox.backlog().await.unwrap().waiting, 1);
    store.place.execute(&on.age("received_at", 4 * 86_400));
    assert!(outbox.backlog().await.unwrap().oldest > DAYS);
    assert_eq!(outbox.expire(DAYS, DAYS).await.unwrap(), 1);
    assert_eq!(states(&outbox).await, [PushState::Expired]);
    let left = store
        .place
        .texts("SELECT 'x' FROM push_messages WHERE payload IS NOT NULL OR user_hash IS NOT NULL");
    assert!(left.is_empty(), "nothing of the message is left");
    store.place.execute(&on.age("settled_at", 4 * 86_400));
    outbox.expire(DAYS, DAYS).await.unwrap();
    assert!(states(&outbox).await.is_empty());
}

#[rstest]
#[tokio::test]
async fn a_waiting_message_is_sealed_and_survives_a_change_of_the_master_key(
    #[values(On::Sqlite, On::Postgres)] on: On,
) {
    let store = on.store().await;
    let outbox = store.database.push_outbox();
    let (waits, done) = (message(1), message(2));
    for new in [&waits, &done] {
        outbox.take(new, LEASE).await.unwrap();
    }
    outbox.delivered(done.id, b"answer").await.unwrap();
    let with = |keys: &[u8]| opened_with(&store, keys);
    let progress = with(&[9, 7]).rewrap(|_| ()).await.unwrap();
    assert_eq!(progress.lost, 0);
    let new_key = with(&[9]).push_outbox();
    store.place.execute(&on.age("claimed_until", 100));
    store.place.execute(&on.age("next_attempt_at", 100));
    let due = new_key.claim_due(9, LEASE).await.unwrap();
    assert_eq!(due[0].body, waits.body);
    let repeat = NewPush {
        id: Uuid::now_v7(),
        ..done
    };
    let answered = new_key.take(&repeat, LEASE).await.unwrap();
    assert_eq!(answered, Taken::Answered(b"answer".to_vec()));
}
