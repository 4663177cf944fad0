//! Ports: where pushed messages are kept, and the team's services that get them.

use async_trait::async_trait;
use uuid::Uuid;

use super::StoreResult;
use crate::account::Page;
use crate::audit::AuditEntry;
use crate::id::AppId;
use crate::push::{Backlog, DuePush, ListedPush, NewPush, PushState, Taken};
use crate::time::Duration;

/// Keeps messages, sealed, and says who may send one. All times are those of the store's own clock,
/// because replicas' clocks need not agree.
///
/// An adapter MUST make each call one atomic, durable step, and MUST give a message to one caller
/// at a time: a claim holds it for `lease`, or until it is reported delivered or
/// failed. A claim that was not reported ends by itself, so that a process that was killed blocks
/// nothing. What is delivered, expired or deleted with its user MUST leave no payload behind.
#[async_trait]
pub trait PushOutbox: Send + Sync {
    /// Stores `message` and holds it for the caller, unless a message of the same app and repeat
    /// key is there: then says what became of that one.
    async fn take(&self, message: &NewPush, lease: Duration) -> StoreResult<Taken>;

    /// The target has the message. `answer` is kept for WeChat's repeats.
    async fn delivered(&self, id: Uuid, answer: &[u8]) -> StoreResult<()>;

    /// The target did not take the message at its `attempt`th attempt: it is due again after
    /// `pause`. Changes nothing if another attempt has begun.
    async fn failed(&self, id: Uuid, attempt: u32, error: &str, pause: Duration)
    -> StoreResult<()>;

    /// Up to `limit` messages that are due, held for the caller. Each counts one attempt more.
    async fn claim_due(&self, limit: u32, lease: Duration) -> StoreResult<Vec<DuePush>>;

    /// Messages by ascending id, from after `page.after`; in one state, or in any.
    async fn list(
        &self,
        state: Option<PushState>,
        page: Page<Uuid>,
    ) -> StoreResult<Vec<ListedPush>>;

    /// Makes a waiting message due now. `None` if there is no such message, `Some(false)` if it does
    /// not wait any longer, so that there is nothing to send.
    async fn retry(&self, id: Uuid, audit: AuditEntry) -> StoreResult<Option<bool>>;

    async fn backlog(&self) -> StoreResult<Backlog>;

    /// Gives up on what has waited for `patience` (its payload goes) and removes what was settled
    /// `kept` ago. Gives how many were given up.
    async fn expire(&self, patience: Duration, kept: Duration) -> StoreResult<usize>;
}

/// Sends messages to where the operator's rules say.
#[async_trait]
pub trait PushTarget: Send + Sync {
    /// Whether a rule names this event of this app.
    fn wants(&self, app: &AppId, event: &str) -> bool;

    /// Sends the message. Gives the body of the target's answer.
    async fn send(&self, message: &DuePush, within: Duration) -> Result<Vec<u8>, PushFailure>;
}

/// Why a target does not have a message, in words that hold nothing of the message or its URL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PushFailure(pub String);
