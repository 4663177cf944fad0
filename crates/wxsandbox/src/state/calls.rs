//! The last calls that came in, for people and for tests.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

use actix_web::http::Method;
use actix_web::web::Bytes;
use serde::Serialize;
use serde_json::Value;
use url::form_urlencoded;

use crate::api::Api;
use crate::clock::Moment;

/// A call of WeChat's API as the sandbox saw it. Secrets and tokens are masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CallRecord {
    /// Counts up from 1, also when the calls are forgotten.
    pub number: u64,
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
    /// The HTTP status of the answer; absent if none was sent.
    pub status: Option<u16>,
    /// The JSON answer with secrets masked; others by their length only.
    pub answer: String,
    /// How long the sandbox had the call before it answered, in microseconds.
    pub took_us: u64,
    /// The errcode of the answer; 0 for success.
    pub errcode: i64,
    /// The request id, of failures.
    pub rid: Option<String>,
    /// The faults that struck it.
    pub faults: Vec<String>,
}

/// A stored call with its secrets, which are masked when it is read.
pub(crate) struct RawCall {
    pub(crate) at: Moment,
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) body: Bytes,
    pub(crate) content_length: bool,
    pub(crate) app_id: Option<String>,
    pub(crate) client_ip: IpAddr,
    pub(crate) status: Option<u16>,
    pub(crate) answer: String,
    pub(crate) took: Duration,
    pub(crate) errcode: i64,
    pub(crate) rid: Option<String>,
    pub(crate) faults: Vec<String>,
}

#[derive(Default)]
pub(crate) struct Calls {
    last: VecDeque<(u64, RawCall)>,
    /// How many calls were remembered since the start.
    number: u64,
    counts: HashMap<Api, u64>,
}

impl Calls {
    pub(crate) fn count(&mut self, api: Option<Api>) {
        if let Some(api) = api {
            *self.counts.entry(api).or_insert(0) += 1;
        }
    }

    pub(crate) fn remember(&mut self, call: RawCall, at_most: usize) {
        self.number += 1;
        self.last.push_back((self.number, call));
        while self.last.len() > at_most {
            self.last.pop_front();
        }
    }

    /// Those after the one of this number, the oldest first.
    pub(crate) fn after(&self, number: u64) -> Vec<CallRecord> {
        let later = self.last.iter().filter(|(counted, _)| *counted > number);
        later.map(|(number, call)| call.masked(*number)).collect()
    }

    pub(crate) fn count_of(&self, api: Api) -> u64 {
        self.counts.get(&api).copied().unwrap_or(0)
    }

    pub(crate) fn by_rid(&self, rid: &str) -> Option<CallRecord> {
        let mut calls = self.last.iter().rev();
        let found = calls.find(|(_, call)| call.rid.as_deref() == Some(rid));
        found.map(|(number, call)| call.masked(*number))
    }

    pub(crate) fn clear(&mut self) {
        self.last.clear();
        self.counts.clear();
    }
}

/// Parameters and fields that are shown as dots.
const SECRET: [&str; 14] = [
    "secret",
    "appsecret",
    "access_token",
    "cloudbase_access_token",
    "component_access_token",
    "component_appsecret",
    "component_verify_ticket",
    "authorizer_refresh_token",
    "session_key",
    "authorizer_access_token",
    "encrypt_key",
    "refresh_token",
    "signature",
    "pay_sig",
];
const DOTS: &str = "…";

impl RawCall {
    fn masked(&self, number: u64) -> CallRecord {
        CallRecord {
            number,
            at_ms: self.at,
            method: self.method.to_string(),
            path: self.path.clone(),
            query: masked_query(&self.query),
            body: masked_body(&self.body),
            content_length: self.content_length,
            app_id: self.app_id.clone(),
            client_ip: self.client_ip.to_string(),
            status: self.status,
            answer: masked_body(self.answer.as_bytes()),
            took_us: u64::try_from(self.took.as_micros()).unwrap_or(u64::MAX),
            errcode: self.errcode,
            rid: self.rid.clone(),
            faults: self.faults.clone(),
        }
    }
}

fn masked_query(query: &str) -> Vec<(String, String)> {
    let pairs = form_urlencoded::parse(query.as_bytes()).into_owned();
    let mask = |(name, value): (String, String)| {
        let shown = if is_secret(&name) {
            DOTS.to_owned()
        } else {
            value
        };
        (name, shown)
    };
    pairs.map(mask).collect()
}

fn masked_body(body: &[u8]) -> String {
    if body.is_empty() {
        return String::new();
    }
    let Ok(Value::Object(fields)) = serde_json::from_slice(body) else {
        return format!("({} bytes)", body.len());
    };
    let mut body = Value::Object(fields);
    mask(&mut body);
    body.to_string()
}

fn mask(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if is_secret(name) {
                    *value = DOTS.into();
                } else {
                    mask(value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(mask),
        _ => {}
    }
}

fn is_secret(name: &str) -> bool {
    SECRET.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_shown_as_dots() {
        let query = masked_query("appid=wx1&secret=hush&access_token=70_hush");
        let body = masked_body(
            br#"{"appid":"wx1","secret":"hush","key_info_list":[{"encrypt_key":"hush"}]}"#,
        );
        let shown = format!("{query:?} {body}");
        assert!(shown.contains("wx1") && !shown.contains("hush"), "{shown}");
        assert_eq!(masked_body(b"secret=hush"), "(11 bytes)");
    }
}
