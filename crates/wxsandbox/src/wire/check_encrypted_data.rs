//! `POST /wxa/business/checkencryptedmsg`: did WeChat make this ciphertext
//! (<https://developers.weixin.qq.com/miniprogram/dev/server/API/user-info/basic-info/api_checkencrypteddata.html>).

use actix_web::http::Method;
use serde::Deserialize;
use serde_json::json;

use super::{Answer, Call, access};
use crate::errors::{Errcode, WxError};
use crate::state::World;

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    encrypted_msg_hash: String,
}

pub(super) fn answer(world: &World, call: &Call<'_>) -> Result<Answer, WxError> {
    call.require(&Method::POST)?;
    let app = access::caller(world, call)?;
    let body: Body = call.json()?;
    let mut hash = [0; 32];
    hex::decode_to_slice(&body.encrypted_msg_hash, &mut hash)
        .map_err(|_| Errcode::InvalidArguments)?;
    let made = world.ciphertexts().look_up(call.now, &hash).cloned();
    let made = made.ok_or(Errcode::DataMissing)?;
    // `vaild` is spelt so on the wire.
    Answer::of(&json!({
        "errcode": 0,
        "errmsg": "ok",
        "vaild": made.app_id == app.id,
        "create_time": made.at.unix_seconds(),
    }))
}
