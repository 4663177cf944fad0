//! `GET /wxa/checksession`: is this the user's session_key
//! (<https://developers.weixin.qq.com/miniprogram/dev/server/API/user-login/api_checksessionkey.html>).

use actix_web::http::Method;

use super::{Answer, Call, access, session};
use crate::errors::{Errcode, WxError};
use crate::state::World;

pub(super) fn answer(world: &World, call: &Call<'_>) -> Result<Answer, WxError> {
    call.require(&Method::GET)?;
    let app = access::caller(world, call)?;
    // The call does not say whether a key is expired or another one is current.
    session::signed_user(world, call, &app, Errcode::InvalidSignature)?;
    Ok(Answer::ok())
}
