//! Port: the team's services that get WeChat's messages.

use async_trait::async_trait;

use crate::id::AppId;
use crate::push::DuePush;
use crate::time::Duration;

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
