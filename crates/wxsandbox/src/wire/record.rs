//! Remembers calls for people and tests.

use std::time::Duration;

use actix_web::http::header;

use super::{Call, Reply, access};
use crate::state::World;
use crate::state::calls::RawCall;

pub(super) fn record(
    world: &World,
    call: &Call<'_>,
    query: &str,
    reply: &Reply,
    took: Duration,
    faults: Vec<String>,
) {
    let at_most = world.policy().remember_calls;
    if at_most == 0 {
        world.calls().count(call.api);
        return;
    }
    let raw = RawCall {
        at: call.now,
        method: call.method.clone(),
        path: call.path.to_owned(),
        query: query.to_owned(),
        body: call.body.clone(),
        content_length: call.body.is_empty() || call.headers.contains_key(header::CONTENT_LENGTH),
        app_id: access::app_id_of(world, call),
        client_ip: call.peer,
        status: reply.sent_status(),
        answer: reply.body.clone(),
        took,
        errcode: reply.errcode,
        rid: reply.rid.clone(),
        faults,
    };
    let mut calls = world.calls();
    calls.count(call.api);
    calls.remember(raw, at_most);
}
