//! `GET /wxa/getpaidunionid`: the unionid of a user who has just paid
//! (<https://developers.weixin.qq.com/miniprogram/dev/server/API/user-info/basic-info/api_getpaidunionid.html>).

use actix_web::http::Method;
use serde_json::json;

use super::{Answer, Call, access};
use crate::errors::{Errcode, WxError};
use crate::state::World;
use crate::state::payments::OrderName;

pub(super) fn answer(world: &World, call: &Call<'_>) -> Result<Answer, WxError> {
    call.require(&Method::GET)?;
    let app = access::caller(world, call)?;
    let openid = call.query.get("openid").ok_or(Errcode::InvalidOpenid)?;
    let identity = access::user_of(world, &app, openid)?;
    let unionid = world.unionid(&app, &identity.user);
    let unionid = unionid.ok_or(Errcode::NotBoundToOpenPlatform)?;
    let order = order(call).ok_or(Errcode::InvalidOrder)?;
    if !world.payments().vouch(call.now, &identity, order) {
        return Err(Errcode::InvalidOrder.into());
    }
    Answer::of(&json!({"errcode": 0, "errmsg": "ok", "unionid": unionid}))
}

fn order<'a>(call: &'a Call<'_>) -> Option<OrderName<'a>> {
    let query = &call.query;
    if let Some(id) = query.get("transaction_id") {
        return Some(OrderName::Transaction(id));
    }
    Some(OrderName::Merchant {
        mch_id: query.get("mch_id")?,
        out_trade_no: query.get("out_trade_no")?,
    })
}
