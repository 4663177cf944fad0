//! `/wxa/business/getuserencryptkey`: the user's last three keys
//! (<https://developers.weixin.qq.com/miniprogram/dev/server/API/user-info/internet/api_getuserencryptkey.html>).
//!
//! The API's page says GET, the guide and most clients POST: both are taken.

use serde_json::{Value, json};

use super::{Answer, Call, access, session};
use crate::clock::Moment;
use crate::errors::{Errcode, WxError};
use crate::state::World;
use crate::state::user_keys::UserKey;

pub(super) fn answer(world: &World, call: &Call<'_>) -> Result<Answer, WxError> {
    let app = access::caller(world, call)?;
    let (identity, _) = session::signed_user(world, call, &app, Errcode::NoSession)?;
    world.latest_user_key(call.now, &identity);
    let keys = world.user_keys().list(&identity.openid);
    let list: Vec<_> = keys.iter().map(|key| entry(key, call.now)).collect();
    Answer::of(&json!({"errcode": 0, "errmsg": "ok", "key_info_list": list}))
}

fn entry(key: &UserKey, now: Moment) -> Value {
    json!({
        "encrypt_key": key.key,
        "version": key.version,
        "expire_in": key.expires_in_s(now),
        "iv": key.iv,
        "create_time": key.created.unix_seconds(),
    })
}
