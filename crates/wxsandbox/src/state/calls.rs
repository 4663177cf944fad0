//! The last calls that came in, for people and for tests.

use std::collections::{HashMap, VecDeque};

use serde::Serialize;

use crate::{api::Api, clock::Moment};

/// A call of WeChat's API as the sandbox saw it. Secrets and tokens are masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CallRecord {
    /// When, on the sandbox's clock, in milliseconds since the Unix epoch.
    pub at_ms: Moment,
    /// The HTTP method.
    pub method: String,
    /// The path.
    pub path: String,
    /// The query, decoded, with secrets masked.
    pub query: Vec<(String, String)>,
    /// The JSON body with secrets masked; other bodies by their length only.
    pub body: String,
    /// Whether the request said its `Content-Length`, or had no body.
    pub content_length: bool,
    /// The app, if the call named one.
    pub app_id: Option<String>,
    /// Where it came from.
    pub client_ip: String,
    /// The errcode of the answer; 0 for success.
    pub errcode: i64,
    /// The request id, of failures.
    pub rid: Option<String>,
    /// The faults that struck it.
    pub faults: Vec<String>,
}

#[derive(Default)]
pub(crate) struct Calls {
    last: VecDeque<CallRecord>,
    counts: HashMap<Api, u64>,
}

impl Calls {
    pub(crate) fn count(&mut self, api: Option<Api>) {
        if let Some(api) = api {
            *self.counts.entry(api).or_insert(0) += 1;
        }
    }

    pub(crate) fn remember(&mut self, record: CallRecord, at_most: usize) {
        self.last.push_back(record);
        while self.last.len() > at_most {
            self.last.pop_front();
        }
    }

    /// The oldest first.
    pub(crate) fn last(&self) -> Vec<CallRecord> {
        self.last.iter().cloned().collect()
    }

    pub(crate) fn count_of(&self, api: Api) -> u64 {
        self.counts.get(&api).copied().unwrap_or(0)
    }

    pub(crate) fn by_rid(&self, rid: &str) -> Option<&CallRecord> {
        let mut calls = self.last.iter().rev();
        calls.find(|call| call.rid.as_deref() == Some(rid))
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}
