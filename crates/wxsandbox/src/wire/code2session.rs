//! `GET /sns/jscode2session`: a code of wx.login becomes openid and session_key
//! (<https://developers.weixin.qq.com/miniprogram/dev/server/API/user-login/api_code2session.html>).

use std::sync::Arc;

use actix_web::http::Method;
use secrecy::ExposeSecret;
use serde::Serialize;

use super::{Answer, Call};
use crate::{
    errors::{Errcode, WxError},
    state::{
        Identity, World,
        codes::{Memory, Refused},
        directory::App,
    },
};

/// No errcode on success, and unionid only for apps bound to an Open Platform account.
#[derive(Serialize)]
struct Reply<'a> {
    session_key: &'a str,
    openid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    unionid: Option<String>,
}

pub(super) fn answer(world: &World, call: &Call<'_>) -> Result<Answer, WxError> {
    let (app, code) = check_parameters(world, call)?;
    let identity = exchange(world, call, &app, code)?;
    check_user(world, &identity)?;
    let session_key = world.session_key_now(call.now, &identity);
    let unionid = world.unionid(&app, &identity.user);
    Answer::of(&Reply {
        session_key: &session_key,
        openid: &identity.openid,
        unionid,
    })
}

fn check_parameters<'a>(world: &World, call: &'a Call<'_>) -> Result<(Arc<App>, &'a str), WxError> {
    let query = &call.query;
    // First, because parameters sent as a POST form are answered with "appid missing".
    let app_id = query.get("appid").ok_or(Errcode::AppIdMissing)?;
    if call.method != Method::GET {
        return Err(Errcode::RequireGet.into());
    }
    let secret = query.get("secret").ok_or(Errcode::SecretMissing)?;
    let code = query.get("js_code").ok_or(Errcode::CodeMissing)?;
    if query.get("grant_type") != Some("authorization_code") {
        return Err(Errcode::InvalidGrantType.into());
    }
    let app = world.directory().app(app_id).ok_or(Errcode::InvalidAppId)?;
    if app.secret.expose_secret() != secret {
        return Err(Errcode::InvalidAppSecret.into());
    }
    Ok((app, code))
}

/// Uses the code up, unless it is another app's or its user has exchanged too many this minute.
fn exchange(world: &World, call: &Call<'_>, app: &App, code: &str) -> Result<Identity, WxError> {
    let policy = world.policy();
    let memory = Memory::from(&*policy);
    let identity = (world.login_codes().look_at(call.now, code, memory)).cloned()?;
    if identity.app_id != app.id {
        return Err(Errcode::InvalidCode.into());
    }
    let limit = policy.logins_per_minute_per_user;
    if !world.exchanges().allows(call.now, &identity.openid, limit) {
        return Err(Errcode::MinuteQuota.into());
    }
    Ok(world.login_codes().take(call.now, code, memory)?)
}

fn check_user(world: &World, identity: &Identity) -> Result<(), WxError> {
    let user = world.directory().user(&identity.user);
    let user = user.ok_or(Errcode::UserLimited)?;
    if user.config.limited {
        return Err(Errcode::UserLimited.into());
    }
    if user.config.high_risk {
        return Err(Errcode::CodeBlocked.into());
    }
    Ok(())
}

impl From<Refused> for WxError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Invalid => Errcode::InvalidCode.into(),
            Refused::Used => Errcode::CodeUsed.into(),
        }
    }
}
