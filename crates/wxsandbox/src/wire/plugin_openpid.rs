//! `POST /wxa/getpluginopenpid`: a code of wx.pluginLogin becomes the user's id at the plugin
//! (<https://developers.weixin.qq.com/miniprogram/dev/server/API/user-info/basic-info/api_getpluginopenpid.html>).

use actix_web::http::Method;
use serde::Deserialize;
use serde_json::json;

use super::{Answer, Call, access};
use crate::errors::{Errcode, WxError};
use crate::state::World;
use crate::state::codes::Memory;

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    code: String,
}

pub(super) fn answer(world: &World, call: &Call<'_>) -> Result<Answer, WxError> {
    call.require(&Method::POST)?;
    let plugin = access::caller(world, call)?;
    let body: Body = call.json().map_err(|_| Errcode::PluginBadJson)?;
    let is_hex = body.code.chars().all(|c| c.is_ascii_hexdigit());
    if body.code.len() != 64 || !is_hex {
        return Err(Errcode::PluginBadParameter.into());
    }
    let memory = Memory::from(&*world.policy());
    let grant = world
        .plugin_codes()
        .look_at(call.now, &body.code, memory)
        .cloned();
    let grant = grant.map_err(|_| Errcode::PluginDataMissing)?;
    if grant.app_id != plugin.id {
        return Err(Errcode::PluginAppMismatch.into());
    }
    let taken = world.plugin_codes().take(call.now, &body.code, memory);
    taken.map_err(|_| Errcode::PluginDataMissing)?;
    let openpid = world.derive.openpid(&plugin.id, &grant.user);
    Answer::of(&json!({"errcode": 0, "errmsg": "ok", "openpid": openpid}))
}
