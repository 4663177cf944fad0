//! Remembers calls for people and tests, without their secrets.

use actix_web::http::header;
use serde_json::Value;

use super::{Call, Reply, access};
use crate::state::{World, calls::CallRecord};

/// Parameters and fields that are shown as dots.
const SECRET: [&str; 10] = [
    "secret",
    "appsecret",
    "access_token",
    "cloudbase_access_token",
    "component_access_token",
    "component_appsecret",
    "component_verify_ticket",
    "authorizer_refresh_token",
    "session_key",
    "signature",
];
const DOTS: &str = "…";

pub(super) fn record(world: &World, call: &Call<'_>, reply: &Reply, faults: Vec<String>) {
    let at_most = world.policy().remember_calls;
    if at_most == 0 {
        world.calls().count(call.api);
        return;
    }
    let record = CallRecord {
        at_ms: call.now,
        method: call.method.to_string(),
        path: call.path.to_owned(),
        query: masked_query(call),
        body: masked_body(&call.body),
        content_length: call.body.is_empty() || call.headers.contains_key(header::CONTENT_LENGTH),
        app_id: access::app_id_of(world, call),
        client_ip: call.peer.to_string(),
        errcode: reply.errcode,
        rid: reply.rid.clone(),
        faults,
    };
    let mut calls = world.calls();
    calls.count(call.api);
    calls.remember(record, at_most);
}

fn masked_query(call: &Call<'_>) -> Vec<(String, String)> {
    let mask = |(name, value): &(String, String)| {
        let shown = if is_secret(name) { DOTS } else { value };
        (name.clone(), shown.to_owned())
    };
    call.query.pairs().iter().map(mask).collect()
}

fn masked_body(body: &[u8]) -> String {
    if body.is_empty() {
        return String::new();
    }
    let Ok(Value::Object(mut fields)) = serde_json::from_slice(body) else {
        return format!("({} bytes)", body.len());
    };
    for (name, value) in &mut fields {
        if is_secret(name) {
            *value = DOTS.into();
        }
    }
    Value::Object(fields).to_string()
}

fn is_secret(name: &str) -> bool {
    SECRET.contains(&name)
}
