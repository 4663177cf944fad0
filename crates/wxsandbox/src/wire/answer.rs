//! A successful answer, ready to be sent.

use serde::Serialize;

use crate::errors::{Errcode, WxError};

/// The JSON text of a successful answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer(pub(crate) String);

impl Answer {
    pub(crate) fn of(body: &impl Serialize) -> Result<Self, WxError> {
        let text = serde_json::to_string(body);
        text.map(Self).map_err(|_| Errcode::SystemBusy.into())
    }

    /// Nothing to say but that it worked.
    pub(crate) fn ok() -> Self {
        Self(r#"{"errcode":0,"errmsg":"ok"}"#.to_owned())
    }
}
