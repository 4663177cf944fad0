//! Messages on payments, which WeChat sends again until they are answered as they must be.

use serde::Serialize;
use serde_json::Value;

use crate::clock::Moment;
use crate::push::Attempt;

/// A message on a payment, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PaymentNotice {
    /// Counts up from 1.
    pub id: u64,
    /// The app whose push URL gets it.
    pub app_id: String,
    /// As it is sent; `RetryTimes`, where it is among the fields, as of the first time.
    pub message: Value,
    /// Every time it was sent.
    pub attempts: Vec<Attempt>,
    /// Whether the developer's server has answered as it must.
    pub delivered: bool,
    /// When it is sent next, in milliseconds since the Unix epoch; absent once it is delivered or given up.
    pub next_ms: Option<Moment>,
}

#[derive(Default)]
pub(crate) struct Notices {
    all: Vec<PaymentNotice>,
}

impl Notices {
    pub(crate) fn add(&mut self, now: Moment, app_id: &str, message: Value) {
        self.all.push(PaymentNotice {
            id: self.all.len() as u64 + 1,
            app_id: app_id.to_owned(),
            message,
            attempts: Vec::new(),
            delivered: false,
            next_ms: Some(now),
        });
    }

    pub(crate) fn of_app(&self, app_id: &str) -> Vec<PaymentNotice> {
        let own = self.all.iter().filter(|notice| notice.app_id == app_id);
        own.cloned().collect()
    }

    /// Takes those that are due: until [`Notices::attempted`], they are due no more.
    pub(crate) fn take_due(&mut self, now: Moment) -> Vec<PaymentNotice> {
        let due = |notice: &&mut PaymentNotice| notice.next_ms.is_some_and(|next| next <= now);
        let due = self.all.iter_mut().filter(due);
        due.map(|notice| {
            notice.next_ms = None;
            notice.clone()
        })
        .collect()
    }

    /// When the next one is due.
    pub(crate) fn next(&self) -> Option<Moment> {
        self.all.iter().filter_map(|notice| notice.next_ms).min()
    }

    /// Notes an attempt. After the first failure comes the first pause, and after the last pause the end.
    pub(crate) fn attempted(&mut self, now: Moment, id: u64, attempt: Attempt, pauses_s: &[u64]) {
        let Some(notice) = self.all.iter_mut().find(|notice| notice.id == id) else {
            return;
        };
        notice.delivered = attempt.accepted;
        if !notice.delivered {
            let pause = pauses_s.get(notice.attempts.len());
            notice.next_ms = pause.map(|pause| now.plus_seconds(*pause));
        }
        notice.attempts.push(attempt);
    }

    /// Makes due at once what waits for its next attempt; how many those are.
    pub(crate) fn hurry(&mut self, now: Moment, app_id: &str) -> usize {
        let own = |notice: &&mut PaymentNotice| notice.app_id == app_id && notice.next_ms.is_some();
        let waiting = self.all.iter_mut().filter(own);
        waiting.map(|notice| notice.next_ms = Some(now)).count()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(seconds: i64) -> Moment {
        Moment::from_unix_seconds(seconds)
    }

    fn attempt(accepted: bool) -> Attempt {
        Attempt {
            status: Some(200),
            answer: String::new(),
            accepted,
        }
    }

    #[test]
    fn a_notice_is_sent_at_once_and_then_after_each_pause_until_none_is_left() {
        let mut notices = Notices::default();
        notices.add(at(0), "wx1", json!({}));
        assert_eq!(notices.take_due(at(0)).len(), 1);
        assert!(notices.take_due(at(9)).is_empty(), "it is on its way");
        notices.attempted(at(10), 1, attempt(false), &[15, 30]);
        assert_eq!(notices.next(), Some(at(25)));
        assert_eq!(notices.take_due(at(25)).len(), 1);
        notices.attempted(at(25), 1, attempt(false), &[15, 30]);
        assert_eq!(notices.next(), Some(at(55)));
        notices.take_due(at(55));
        notices.attempted(at(55), 1, attempt(false), &[15, 30]);
        assert_eq!(notices.next(), None);
        assert!(!notices.of_app("wx1")[0].delivered);
    }

    #[test]
    fn a_notice_that_was_answered_is_sent_no_more() {
        let mut notices = Notices::default();
        notices.add(at(0), "wx1", json!({}));
        notices.take_due(at(0));
        notices.attempted(at(0), 1, attempt(true), &[15]);
        assert_eq!((notices.next(), notices.hurry(at(1), "wx1")), (None, 0));
        assert!(notices.of_app("wx1")[0].delivered);
    }

    #[test]
    fn a_waiting_notice_can_be_hurried() {
        let mut notices = Notices::default();
        notices.add(at(0), "wx1", json!({}));
        notices.take_due(at(0));
        notices.attempted(at(0), 1, attempt(false), &[15]);
        assert_eq!(notices.hurry(at(1), "wx2"), 0);
        assert_eq!(notices.hurry(at(1), "wx1"), 1);
        assert_eq!(notices.take_due(at(1)).len(), 1);
    }
}
