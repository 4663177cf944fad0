//! Every call to WeChat's API comes through here, from bytes to bytes.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};

use super::call::Query;
use super::record::record;
use super::trouble::Plan;
use super::{Call, Reply, dispatch, security};
use crate::api::Api;
use crate::state::World;

/// No call of the API needs more.
const MAX_BODY: usize = 1 << 20;

/// Responds to all calls of WeChat's API. The status is 200 even for failures.
pub(super) async fn gate(
    world: web::Data<World>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    if world.policy().refuse_chunked && is_chunked(&request) {
        return HttpResponse::new(StatusCode::PRECONDITION_FAILED);
    }
    let Ok(Ok(body)) = payload.to_bytes_limited(MAX_BODY).await else {
        return HttpResponse::new(StatusCode::PAYLOAD_TOO_LARGE);
    };
    let call = Call {
        api: Api::of_path(request.path()),
        method: request.method(),
        path: request.path(),
        headers: request.headers(),
        peer: peer(&request),
        now: world.now(),
        query: Query::parse(request.query_string()),
        body,
    };
    let start = Instant::now();
    let plan = Plan::for_call(&world, &call);
    plan.wait(false).await;
    let reply = plan.carry_out(&world, &call, || work(&world, &call));
    let query = request.query_string();
    record(&world, &call, query, &reply, start.elapsed(), plan.names());
    plan.wait(true).await;
    reply.send(&request).await
}

fn work(world: &World, call: &Call<'_>) -> Reply {
    let opened = match security::open(world, call) {
        Ok(opened) => opened,
        Err(error) => return Reply::of(world, call, Err(error)),
    };
    match opened {
        None => Reply::of(world, call, dispatch(world, call)),
        Some(secured) => {
            let inner = secured.clear_call(call);
            let reply = Reply::of(world, call, dispatch(world, &inner));
            secured.seal(world, call.now, reply)
        }
    }
}

fn is_chunked(request: &HttpRequest) -> bool {
    request.headers().contains_key(header::TRANSFER_ENCODING)
}

fn peer(request: &HttpRequest) -> IpAddr {
    let unspecified = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    let peer = request.peer_addr();
    peer.map_or(unspecified, |peer| peer.ip().to_canonical())
}
