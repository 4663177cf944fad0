//! `GET /sns/jscode2session`: a code of wx.login becomes openid and session_key
//! (<https://developers.weixin.qq.com/miniprogram/dev/server/API/user-login/api_code2session.html>).

use actix_web::http::Method;

use super::exchange::exchange;
use super::{Answer, Call, access};
use crate::errors::{Errcode, WxError};
use crate::state::World;

pub(super) fn answer(world: &World, call: &Call<'_>) -> Result<Answer, WxError> {
    let query = &call.query;
    // First, because parameters sent as a POST form are answered with "appid missing".
    let app_id = query.get("appid").ok_or(Errcode::AppIdMissing)?;
    call.require(&Method::GET)?;
    let secret = query.get("secret").ok_or(Errcode::SecretMissing)?;
    let code = query.get("js_code").ok_or(Errcode::CodeMissing)?;
    if query.get("grant_type") != Some("authorization_code") {
        return Err(Errcode::InvalidGrantType.into());
    }
    let app = access::app_by_secret(world, call, app_id, secret)?;
    access::check_permission(&app, call)?;
    access::check_quota(world, call, &app)?;
    exchange(world, call, &app, code)
}
