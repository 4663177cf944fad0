//! Messages that WeChat pushes and other services of the team want, and the use case around them.

mod relay;

use uuid::Uuid;

pub use relay::{PushRelay, Relayed, Sent};

use crate::id::{AppId, OpenId};
use crate::named_enum::named_enum;
use crate::time::{Duration, Timestamp};

#[derive(Clone)]
pub struct NewPush {
    /// Its id, which every attempt carries.
    pub id: Uuid,
    pub app: AppId,
    /// The event's name, or `msg:` and the MsgType.
    pub event: String,
    /// Whom it is about, so that it can be removed with the account.
    pub user: Option<OpenId>,
    /// The same for WeChat's repeats of one message, and for nothing else.
    pub repeat_key: [u8; 32],
    /// The message as it came, opened.
    pub body: Vec<u8>,
}

/// What became of a message that was to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is stored, and the caller's to send.
    New,
    /// It is a repeat, and the message is being sent right now.
    UnderWay,
    /// It is a repeat, and the message is stored; what was answered then was success.
    Stored,
    /// It is a repeat, and this was answered.
    Answered(Vec<u8>),
}

#[derive(Clone)]
pub struct DuePush {
    pub id: Uuid,
    pub app: AppId,
    pub event: String,
    /// Which attempt this is; the first one is 1.
    pub attempt: u32,
    pub body: Vec<u8>,
}

named_enum! {
    PushState {
        Waiting = "waiting",
        Delivered = "delivered",
        /// It waited too long.
        Expired = "expired",
    }
}

/// A message as the operator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedPush {
    pub id: Uuid,
    pub app: AppId,
    pub event: String,
    pub state: PushState,
    pub attempts: u32,
    pub received_at: Timestamp,
    /// When it is sent again, while it waits.
    pub next_attempt_at: Option<Timestamp>,
    pub last_error: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    pub waiting: u64,
    /// How long the oldest has waited.
    pub oldest: Duration,
}
