//! `POST /cgi-bin/openapi/quota/get`: how much of a call's daily quota is used.

use actix_web::http::Method;
use serde::Deserialize;
use serde_json::json;

use super::{Answer, Call, access};
use crate::api::Api;
use crate::errors::{Errcode, WxError};
use crate::state::World;

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    cgi_path: String,
}

pub(super) fn answer(world: &World, call: &Call<'_>) -> Result<Answer, WxError> {
    call.require(&Method::POST)?;
    let app = access::caller(world, call)?;
    let body: Body = call.json()?;
    if body.cgi_path.starts_with("/sns/") {
        return Err(Errcode::PathUnsupported.into());
    }
    let api = Api::of_path(&body.cgi_path).ok_or(Errcode::PathMissing)?;
    let limit = access::limit_of(&app, api).per_day;
    let used = world.quotas().used_today(call.now, &app.id, api);
    Answer::of(&json!({
        "errcode": 0,
        "errmsg": "ok",
        "quota": {"daily_limit": limit, "used": used, "remain": limit.saturating_sub(used)},
    }))
}
