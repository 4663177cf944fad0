//! `POST /cgi-bin/clear_quota` and `/cgi-bin/clear_quota/v2`: the counters begin anew, ten times a
//! month.

use actix_web::http::Method;
use serde::Deserialize;

use super::{Answer, Call, access};
use crate::errors::{Errcode, WxError};
use crate::state::World;
use crate::state::quotas::ClearsUsedUp;

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    appid: String,
    #[serde(default)]
    appsecret: String,
}

pub(super) fn by_token(world: &World, call: &Call<'_>) -> Result<Answer, WxError> {
    call.require(&Method::POST)?;
    let app = access::caller(world, call)?;
    let body: Body = call.json()?;
    if body.appid != *app.id {
        return Err(Errcode::InvalidAppId.into());
    }
    world.quotas().clear(call.now, &app.id)?;
    Ok(Answer::ok())
}

pub(super) fn by_secret(world: &World, call: &Call<'_>) -> Result<Answer, WxError> {
    call.require(&Method::POST)?;
    let body: Body = call.json()?;
    let app = access::app_by_secret(world, call, &body.appid, &body.appsecret)?;
    world.quotas().clear(call.now, &app.id)?;
    Ok(Answer::ok())
}

impl From<ClearsUsedUp> for WxError {
    fn from(_: ClearsUsedUp) -> Self {
        Errcode::ClearsUsedUp.into()
    }
}
