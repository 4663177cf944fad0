//! Messages of WeChat for other services.

use std::sync::Arc;

use domain::account::Page;
use domain::id::AppId;
use domain::push::{NewPush, PushRelay, PushState, Relayed, Sent};
use domain::testing::{FixedClock, InMemoryOutbox, ScriptedTarget};
use domain::time::Duration;
use uuid::Uuid;

use crate::world::operator;

struct Relay {
    service: PushRelay,
    outbox: Arc<InMemoryOutbox>,
    target: Arc<ScriptedTarget>,
    clock: Arc<FixedClock>,
}

impl Relay {
    fn new() -> Self {
        let clock = Arc::new(FixedClock::default());
        let outbox = Arc::new(InMemoryOutbox::new(clock.clone()));
        let target = Arc::new(ScriptedTarget::default());
        Self {
            service: PushRelay {
                outbox: outbox.clone(),
                target: target.clone(),
                clock: clock.clone(),
            },
            outbox,
            target,
            clock,
        }
    }

    /// Sends what is due after `pause`, and gives how many messages there were.
    async fn again_after(&self, pause: Duration) -> usize {
        self.clock.advance(pause);
        let due = self.service.due(10).await.unwrap();
        for message in &due {
            self.service.again(message).await.unwrap();
        }
        due.len()
    }

    async fn state(&self, id: Uuid) -> PushState {
        let listed = self
            .service
            .outbox
            .list(None, Page::first(10))
            .await
            .unwrap();
        listed.iter().find(|row| row.id == id).unwrap().state
    }
}

/// A message, and WeChat's repeat of it.
fn message(body: &str) -> (NewPush, NewPush) {
    let message = NewPush {
        id: Uuid::now_v7(),
        app: AppId::new("wx01"),
        event: String::from("xpay_goods_deliver_notify"),
        user: None,
        repeat_key: [1; 32],
        body: body.as_bytes().to_vec(),
    };
    let repeat = NewPush {
        id: Uuid::now_v7(),
        ..message.clone()
    };
    (message, repeat)
}

#[tokio::test]
async fn the_answer_of_the_target_is_given_also_to_a_repeat() {
    let relay = Relay::new();
    let (message, repeat) = message("answer");
    let answer = Relayed::Answer(b"answer".to_vec());
    let given = relay.service.relay(&message).await.unwrap();
    assert_eq!(given, (answer.clone(), Some(Sent::Delivered)));
    let given = relay.service.relay(&repeat).await.unwrap();
    assert_eq!(given, (answer, None));
    assert_eq!(relay.target.seen(), [message.id]);
}

#[tokio::test]
async fn an_answer_of_blanks_is_the_success_that_the_event_wants() {
    let (message, _) = message(" \n");
    let given = Relay::new().service.relay(&message).await.unwrap();
    assert_eq!(given, (Relayed::Success, Some(Sent::Delivered)));
}

#[tokio::test]
async fn a_message_that_fails_is_sent_again_with_growing_pauses() {
    let relay = Relay::new();
    relay.target.fail(3);
    let (message, repeat) = message("answer");
    let given = relay.service.relay(&message).await.unwrap();
    let failed = Sent::Failed(String::from("HTTP 500"));
    assert_eq!(given, (Relayed::Success, Some(failed)));
    let given = relay.service.relay(&repeat).await.unwrap();
    assert_eq!(given, (Relayed::Success, None));
    for (seconds, due) in [(4, 0), (1, 1), (9, 0), (1, 1), (19, 0), (1, 1), (7_200, 0)] {
        let sent = relay.again_after(Duration::from_secs(seconds)).await;
        assert_eq!(sent, due, "after {seconds} s");
    }
    assert_eq!(relay.target.seen(), [message.id; 4]);
    assert_eq!(relay.state(message.id).await, PushState::Delivered);
}

#[tokio::test]
async fn a_repeat_waits_for_the_first_request_as_long_as_wechat_does() {
    let relay = Relay::new();
    let (message, repeat) = message("answer");
    let lease = Duration::from_mins(1);
    domain::ports::PushOutbox::take(&*relay.outbox, &message, lease)
        .await
        .unwrap();
    let began = domain::ports::Clock::now(&*relay.clock);
    let given = relay.service.relay(&repeat).await.unwrap();
    assert_eq!(given, (Relayed::Success, None));
    let waited = domain::ports::Clock::now(&*relay.clock).duration_since(began);
    assert_eq!(Duration::try_from(waited).unwrap(), Duration::from_secs(4));
    assert!(relay.target.seen().is_empty());
}

#[tokio::test]
async fn without_the_store_a_message_is_delivered_or_wechat_repeats_it() {
    let relay = Relay::new();
    relay.outbox.set_away(true);
    let (message, _) = message("answer");
    let given = relay.service.relay(&message).await.unwrap();
    let answer = Relayed::Answer(b"answer".to_vec());
    assert_eq!(given, (answer, Some(Sent::Delivered)));
    relay.target.fail(1);
    relay.service.relay(&message).await.unwrap_err();
}

#[tokio::test]
async fn a_message_is_given_up_after_three_days_unless_the_operator_sends_it() {
    let relay = Relay::new();
    relay.target.fail(1);
    let (message, _) = message("answer");
    relay.service.relay(&message).await.unwrap();
    assert_eq!(relay.service.outbox.backlog().await.unwrap().waiting, 1);
    let unknown = relay.service.retry(Uuid::now_v7(), &operator()).await;
    assert_eq!(unknown.unwrap(), None);
    let retried = relay.service.retry(message.id, &operator()).await;
    assert_eq!(retried.unwrap(), Some(true));
    relay.target.fail(1);
    assert_eq!(relay.again_after(Duration::ZERO).await, 1);
    relay.clock.advance(Duration::from_hours(3 * 24));
    assert_eq!(relay.service.expire().await.unwrap(), 1);
    assert_eq!(relay.state(message.id).await, PushState::Expired);
    let retried = relay.service.retry(message.id, &operator()).await;
    assert_eq!(retried.unwrap(), Some(false));
    assert_eq!(relay.again_after(Duration::ZERO).await, 0);
}
