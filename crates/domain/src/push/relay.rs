//! Use case: pass WeChat's messages on, and lose none that was acknowledged.

use std::sync::Arc;

use uuid::Uuid;

use super::{DuePush, NewPush, Taken};
use crate::audit::{AuditAction, Caller};
use crate::ports::{Clock, PushFailure, PushOutbox, PushTarget, StoreResult};
use crate::time::Duration;

/// How long WeChat's request may take: it hangs up after 5 s, and the answer has to get there.
const IN_TIME: Duration = Duration::from_secs(4);

/// The least time that a target gets, also if the database was slow.
const AT_LEAST: Duration = Duration::from_secs(1);

/// How long a later attempt may take. No request waits for it.
const LATER: Duration = Duration::from_secs(10);

/// How long a message is held for an attempt: twice as long as the attempt may take, because it must
/// not be sent by another replica meanwhile.
const FIRST_LEASE: Duration = Duration::from_secs(10);
const LATER_LEASE: Duration = Duration::from_secs(20);

/// How often a repeat looks whether the first request has been answered.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// The pause after the first attempt. It doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_hours(1);

/// How long a message is tried: a weekend.
const PATIENCE: Duration = Duration::from_hours(3 * 24);

/// How long a settled message is shown, and its answer kept for repeats.
const KEPT: Duration = Duration::from_hours(3 * 24);

pub struct PushRelay {
    pub outbox: Arc<dyn PushOutbox>,
    pub target: Arc<dyn PushTarget>,
    pub clock: Arc<dyn Clock>,
}

/// What to answer WeChat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Relayed {
    /// This, which the target answered.
    Answer(Vec<u8>),
    /// The success that the event wants: the message is stored, or the target said nothing more.
    Success,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    Delivered,
    Failed(String),
}

impl PushRelay {
    /// Passes a message on, and says what to answer WeChat and how the attempt ended, if there was
    /// one. The message is stored first, so that it survives the end of this process, and so that
    /// WeChat's repeats, on any replica, find it.
    ///
    /// # Errors
    /// If the message could neither be stored nor delivered: WeChat must repeat it.
    pub async fn relay(&self, message: &NewPush) -> StoreResult<(Relayed, Option<Sent>)> {
        let began = self.clock.now();
        loop {
            let taken = self.outbox.take(message, FIRST_LEASE).await;
            let passed = Duration::try_from(self.clock.now().duration_since(began));
            let left = IN_TIME.saturating_sub(passed.unwrap_or_default());
            match taken {
                Ok(Taken::New) => {
                    let (relayed, sent) = self.first_attempt(message, left.max(AT_LEAST)).await;
                    return Ok((relayed, Some(sent)));
                }
                Ok(Taken::UnderWay) if !left.is_zero() => self.clock.wait(LOOK_AGAIN).await,
                Ok(Taken::UnderWay | Taken::Stored) => return Ok((Relayed::Success, None)),
                Ok(Taken::Answered(answer)) => return Ok((answered(answer), None)),
                Err(error) => {
                    // It cannot be stored. The target may be there all the same.
                    let sent = self.send(message, left.max(AT_LEAST)).await;
                    let answer = sent.map_err(|_| error)?;
                    return Ok((answered(answer), Some(Sent::Delivered)));
                }
            }
        }
    }

    async fn first_attempt(&self, message: &NewPush, within: Duration) -> (Relayed, Sent) {
        match self.send(message, within).await {
            Ok(answer) => {
                // If this is not stored, the message is sent once more under the same id.
                let _sent_again = self.outbox.delivered(message.id, &answer).await;
                (answered(answer), Sent::Delivered)
            }
            Err(PushFailure(why)) => {
                // If this is not stored, the claim ends by itself and the message is sent then.
                let _sent_later = self.outbox.failed(message.id, 1, &why, pause(1)).await;
                (Relayed::Success, Sent::Failed(why))
            }
        }
    }

    async fn send(&self, message: &NewPush, within: Duration) -> Result<Vec<u8>, PushFailure> {
        let due = DuePush {
            id: message.id,
            app: message.app.clone(),
            event: message.event.clone(),
            attempt: 1,
            body: message.body.clone(),
        };
        self.target.send(&due, within).await
    }

    /// Up to `limit` messages that are due. Each must be given to [`again`](Self::again) at once.
    pub async fn due(&self, limit: u32) -> StoreResult<Vec<DuePush>> {
        self.outbox.claim_due(limit, LATER_LEASE).await
    }

    /// Sends a message that was due, and notes what came of it.
    ///
    /// # Errors
    /// If it could not be noted; the message is sent again later.
    pub async fn again(&self, message: &DuePush) -> StoreResult<Sent> {
        match self.target.send(message, LATER).await {
            // WeChat has had its answer long ago.
            Ok(_answer) => {
                self.outbox.delivered(message.id, &[]).await?;
                Ok(Sent::Delivered)
            }
            Err(PushFailure(why)) => {
                let (id, attempt) = (message.id, message.attempt);
                let noted = self.outbox.failed(id, attempt, &why, pause(attempt));
                noted.await?;
                Ok(Sent::Failed(why))
            }
        }
    }

    /// Gives up on what has waited three days, and forgets what was settled three days ago. Gives
    /// how many messages were given up.
    pub async fn expire(&self) -> StoreResult<usize> {
        self.outbox.expire(PATIENCE, KEPT).await
    }

    /// [`PushOutbox::retry`], on the operator's word.
    pub async fn retry(&self, id: Uuid, by: &Caller) -> StoreResult<Option<bool>> {
        let audit = by.entry(AuditAction::RetryPush, &*self.clock).on(&id);
        self.outbox.retry(id, audit).await
    }
}

fn answered(answer: Vec<u8>) -> Relayed {
    if answer.trim_ascii().is_empty() {
        Relayed::Success
    } else {
        Relayed::Answer(answer)
    }
}

/// The pause after the `attempt`th attempt.
fn pause(attempt: u32) -> Duration {
    let doublings = attempt.saturating_sub(1).min(16);
    (FIRST_PAUSE * 2_u32.pow(doublings)).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_from_five_seconds_to_an_hour() {
        let seconds = |attempt| pause(attempt).as_secs();
        assert_eq!([1, 2, 3, 10, 11].map(seconds), [5, 10, 20, 2_560, 3_600]);
        assert_eq!([100, u32::MAX].map(seconds), [3_600, 3_600]);
    }
}
