//! `GET /cgi-bin/token`: a new access_token each time
//! (<https://developers.weixin.qq.com/miniprogram/dev/server/API/mp-access-token/api_getaccesstoken.html>).

use actix_web::http::Method;
use serde::Serialize;

use super::{Answer, Call, access};
use crate::errors::{Errcode, WxError};
use crate::state::World;
use crate::state::directory::App;
use crate::state::tokens::Given;

#[derive(Serialize)]
struct Reply<'a> {
    access_token: &'a str,
    expires_in: u64,
}

pub(super) fn answer(world: &World, call: &Call<'_>) -> Result<Answer, WxError> {
    call.require(&Method::GET)?;
    let query = &call.query;
    if query.get("grant_type") != Some("client_credential") {
        return Err(Errcode::InvalidGrantType.into());
    }
    let app_id = query.get("appid").ok_or(Errcode::AppIdMissing)?;
    let secret = query.get("secret").ok_or(Errcode::SecretMissing)?;
    let app = access::app_by_secret(world, call, app_id, secret)?;
    check(world, call, &app)?;
    let (fresh, ttl_s) = (world.dice.access_token(), world.policy().token_ttl_s);
    let given = (world.tokens()).plain(call.now, &app.id, &fresh, ttl_s);
    reply(&given)
}

/// What both token calls ask beyond appid and secret.
pub(super) fn check(world: &World, call: &Call<'_>, app: &App) -> Result<(), WxError> {
    if app.config.secret_frozen {
        return Err(Errcode::SecretFrozen.into());
    }
    access::check_permission(app, call)?;
    access::check_risky_ip(world, call, app)?;
    access::check_quota(world, call, app)
}

pub(super) fn reply(given: &Given) -> Result<Answer, WxError> {
    Answer::of(&Reply {
        access_token: &given.token,
        expires_in: given.expires_in_s,
    })
}
