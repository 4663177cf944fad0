//! Sends waiting messages until the process ends.

use std::sync::Arc;
use std::time::Duration;

use domain::push::{DuePush, PushRelay, Sent};
use futures_util::future::join_all;

use crate::metrics::Metrics;

/// How often the outbox is looked at: one read of an index that holds only what waits.
const INTERVAL: Duration = Duration::from_secs(1);

/// The same without any rule: messages of earlier rules still have to expire.
const WITHOUT_RULES: Duration = Duration::from_mins(1);

/// How many messages are sent at once. Their targets take up to 10 s each.
const AT_ONCE: u32 = 16;

/// Every how many looks the metrics are read, and what is too old is given up.
const METRICS_EVERY: u32 = 5;
const EXPIRE_EVERY: u32 = 60;

/// The task that delivers. Each replica runs one.
pub(crate) struct Delivery {
    pub(crate) relay: Arc<PushRelay>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) has_rules: bool,
}

impl Delivery {
    pub(crate) async fn run(self) {
        let mut looks: u32 = 0;
        loop {
            if looks.is_multiple_of(EXPIRE_EVERY) || !self.has_rules {
                self.expire().await;
            }
            if looks.is_multiple_of(METRICS_EVERY) || !self.has_rules {
                self.show_backlog().await;
            }
            looks = looks.wrapping_add(1);
            match self.relay.due(AT_ONCE).await {
                Ok(due) if !due.is_empty() => {
                    join_all(due.iter().map(|message| self.send(message))).await;
                }
                Ok(_nothing) => self.pause().await,
                Err(error) => {
                    tracing::debug!(%error, "the outbox of pushed messages cannot be read");
                    self.pause().await;
                }
            }
        }
    }

    async fn pause(&self) {
        let pause = if self.has_rules {
            INTERVAL
        } else {
            WITHOUT_RULES
        };
        self.relay.clock.wait(pause).await;
    }

    async fn send(&self, message: &DuePush) {
        let (id, event, attempt) = (message.id, &message.event, message.attempt);
        match self.relay.again(message).await {
            Ok(Sent::Delivered) => {
                tracing::info!(%id, event, attempt, "a pushed message that waited was delivered");
            }
            Ok(Sent::Failed(reason)) => {
                self.metrics.push_failures.inc();
                tracing::warn!(%id, event, attempt, reason, "a pushed message was not delivered");
            }
            Err(error) => tracing::warn!(%id, event, %error, "an attempt could not be noted"),
        }
    }

    async fn expire(&self) {
        match self.relay.expire().await {
            Ok(0) | Err(_) => {}
            Ok(count) => tracing::error!(
                count,
                alert = true,
                action = "Look at GET /admin/push?state=expired: these messages were not delivered in three days and are lost.",
                "pushed messages expired"
            ),
        }
    }

    async fn show_backlog(&self) {
        if let Ok(backlog) = self.relay.outbox.backlog().await {
            self.metrics.show_push_backlog(backlog);
        }
    }
}
