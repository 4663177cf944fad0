//! Every call to WeChat's API comes through here, from bytes to bytes.

use actix_web::{HttpRequest, HttpResponse, http::header::ContentType, web};
use serde::Serialize;

use super::{Answer, Api, Call, call::Query, dispatch};
use crate::{errors::WxError, state::World};

/// Answers whatever is asked of WeChat; the status is 200 even for failures.
pub(crate) async fn gate(world: web::Data<World>, request: HttpRequest) -> HttpResponse {
    let call = Call {
        api: Api::of_path(request.path()),
        method: request.method(),
        path: request.path(),
        query: Query::parse(request.query_string()),
        now: world.now(),
    };
    let body = match dispatch(&world, &call) {
        Ok(Answer(text)) => text,
        Err(error) => failure(&world, &call, &error),
    };
    HttpResponse::Ok()
        .content_type(content_type(&call))
        .body(body)
}

#[derive(Serialize)]
struct Failure<'a> {
    errcode: i64,
    errmsg: &'a str,
}

fn failure(world: &World, call: &Call<'_>, error: &WxError) -> String {
    let rid = world.dice.rid(call.now.unix_seconds());
    let errmsg = error.errmsg(&rid, call.under_sns());
    let body = Failure {
        errcode: error.code,
        errmsg: &errmsg,
    };
    serde_json::to_string(&body).unwrap_or_default()
}

/// WeChat sends JSON as `text/plain` under `/sns/`.
fn content_type(call: &Call<'_>) -> String {
    if call.under_sns() {
        ContentType::plaintext().to_string()
    } else {
        "application/json; encoding=utf-8".to_owned()
    }
}
