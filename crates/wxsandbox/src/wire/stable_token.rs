//! `POST /cgi-bin/stable_token`: the same access_token until its last five minutes
//! (<https://developers.weixin.qq.com/miniprogram/dev/server/API/mp-access-token/api_getstableaccesstoken.html>).

use actix_web::http::Method;
use serde::Deserialize;

use super::{Answer, Call, access, token};
use crate::errors::{Errcode, WxError};
use crate::state::World;
use crate::state::tokens::ForcesUsedUp;

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    grant_type: String,
    #[serde(default)]
    appid: String,
    #[serde(default)]
    secret: String,
    #[serde(default)]
    force_refresh: Flag,
}

/// One published client sends the flag as a string; whether WeChat minds is not known.
#[derive(Deserialize)]
#[serde(untagged)]
enum Flag {
    Bool(bool),
    Text(String),
}

pub(super) fn answer(world: &World, call: &Call<'_>) -> Result<Answer, WxError> {
    call.require(&Method::POST)?;
    let body: Body = call.json()?;
    if body.grant_type != "client_credential" {
        return Err(Errcode::InvalidGrantType.into());
    }
    if body.appid.is_empty() {
        return Err(Errcode::AppIdMissing.into());
    }
    if body.secret.is_empty() {
        return Err(Errcode::SecretMissing.into());
    }
    let app = access::app_by_secret(world, call, &body.appid, &body.secret)?;
    token::check(world, call, &app)?;
    let (fresh, ttl_s) = (world.dice.access_token(), world.policy().token_ttl_s);
    let given = if body.force_refresh.is_set() {
        (world.tokens()).force(call.now, &app.id, &fresh, ttl_s)?
    } else {
        (world.tokens()).stable(call.now, &app.id, &fresh, ttl_s)
    };
    token::reply(&given)
}

impl Default for Flag {
    fn default() -> Self {
        Self::Bool(false)
    }
}

impl Flag {
    fn is_set(&self) -> bool {
        match self {
            Self::Bool(set) => *set,
            Self::Text(text) => text == "true",
        }
    }
}

impl From<ForcesUsedUp> for WxError {
    fn from(_: ForcesUsedUp) -> Self {
        Errcode::DailyQuota.into()
    }
}
