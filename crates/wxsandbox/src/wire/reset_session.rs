//! `GET /wxa/resetusersessionkey`: a new session_key with the old one's expiry
//! (<https://developers.weixin.qq.com/miniprogram/dev/server/API/user-login/api_resetusersessionkey.html>).

use actix_web::http::Method;
use serde_json::json;

use super::{Answer, Call, access, session};
use crate::errors::{Errcode, WxError};
use crate::state::World;

pub(super) fn answer(world: &World, call: &Call<'_>) -> Result<Answer, WxError> {
    call.require(&Method::GET)?;
    let app = access::caller(world, call)?;
    let (identity, _) = session::signed_user(world, call, &app, Errcode::NoSession)?;
    let fresh = world.dice.session_key();
    if !(world.session_keys()).replace(call.now, &identity.openid, &fresh) {
        return Err(Errcode::NoSession.into());
    }
    Answer::of(&json!({
        "errcode": 0,
        "errmsg": "ok",
        "openid": &*identity.openid,
        "session_key": fresh,
    }))
}
