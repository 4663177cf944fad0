//! `POST /cgi-bin/openapi/rid/get`: what a request id stands for.

use actix_web::http::Method;
use serde::Deserialize;
use serde_json::json;
use url::form_urlencoded;

use super::{Answer, Call, access};
use crate::errors::{Errcode, WxError};
use crate::state::World;

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    rid: String,
}

pub(super) fn answer(world: &World, call: &Call<'_>) -> Result<Answer, WxError> {
    call.require(&Method::POST)?;
    access::caller(world, call)?;
    let body: Body = call.json()?;
    let found = world.calls().by_rid(&body.rid);
    let found = found.ok_or(Errcode::InvalidArguments)?;
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(&found.query)
        .finish();
    Answer::of(&json!({
        "errcode": 0,
        "errmsg": "ok",
        "request": {
            "invoke_time": found.at_ms.unix_seconds(),
            "cost_in_ms": 1,
            "request_url": format!("{}?{query}", found.path),
            "request_body": found.body,
            "response_body": json!({"errcode": found.errcode}).to_string(),
            "client_ip": found.client_ip,
        },
    }))
}
