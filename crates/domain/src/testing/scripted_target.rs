//! A service that wants pushed messages.

use std::sync::Mutex;

use async_trait::async_trait;
use uuid::Uuid;

use crate::id::AppId;
use crate::ports::{PushFailure, PushTarget};
use crate::push::DuePush;
use crate::time::Duration;

/// A [`PushTarget`] that wants the events of payments, and answers each message with its body.
#[derive(Default)]
pub struct ScriptedTarget {
    seen: Mutex<Vec<Uuid>>,
    failures: Mutex<usize>,
}

impl ScriptedTarget {
    /// Lets the next `count` messages fail.
    pub fn fail(&self, count: usize) {
        *self.failures.lock().unwrap() = count;
    }

    /// The ids of the messages that came, in their order.
    pub fn seen(&self) -> Vec<Uuid> {
        self.seen.lock().unwrap().clone()
    }
}

#[async_trait]
impl PushTarget for ScriptedTarget {
    fn wants(&self, _: &AppId, event: &str) -> bool {
        event.starts_with("xpay_")
    }

    async fn send(&self, message: &DuePush, _: Duration) -> Result<Vec<u8>, PushFailure> {
        self.seen.lock().unwrap().push(message.id);
        let mut failures = self.failures.lock().unwrap();
        let Some(left) = failures.checked_sub(1) else {
            return Ok(message.body.clone());
        };
        *failures = left;
        Err(PushFailure(String::from("HTTP 500")))
    }
}
