//! `GET /wxa/charge/usage/get`: what is left of what the app has bought from WeChat
//! (<https://developers.weixin.qq.com/miniprogram/dev/server/API/charge/api_getusagedetail.html>).

use actix_web::http::Method;
use serde_json::json;

use super::{Answer, Call, access};
use crate::errors::{Errcode, WxError};
use crate::state::World;

pub(super) fn answer(world: &World, call: &Call<'_>) -> Result<Answer, WxError> {
    call.require(&Method::GET)?;
    let app = access::caller(world, call)?;
    let spu_id = call.query.get("spuId").ok_or(Errcode::UsageParameter)?;
    for number in ["offset", "limit"] {
        let value = call.query.get(number).map(str::parse::<u8>);
        if !matches!(value, Some(Ok(0..=20))) {
            return Err(Errcode::UsageParameter.into());
        }
    }
    let mut packs = app.config.resource_packs.iter();
    let pack = packs.find(|pack| pack.spu_id == spu_id);
    let (all, used) = pack.map_or((0, 0), |pack| (pack.all, pack.used));
    Answer::of(&json!({
        "errcode": 0, "errmsg": "ok",
        "all": all.to_string(), "effectiveUse": used.to_string(), "total": 0, "detailList": [],
    }))
}
