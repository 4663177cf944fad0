//! `POST /wxa/business/getuserphonenumber`: a code of the getPhoneNumber button becomes the number
//! (<https://developers.weixin.qq.com/miniprogram/dev/server/API/user-info/phone-number/api_getphonenumber.html>).

use actix_web::http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Call, access};
use crate::errors::{Errcode, WxError};
use crate::state::World;
use crate::state::codes::Memory;

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    code: String,
    #[serde(default)]
    openid: Option<String>,
}

pub(super) fn answer(world: &World, call: &Call<'_>) -> Result<Answer, WxError> {
    call.require(&Method::POST)?;
    let app = access::caller(world, call)?;
    let body: Body = call.json()?;
    if body.code.is_empty() {
        return Err(Errcode::CodeMissing.into());
    }
    let policy = world.policy();
    let memory = Memory::from(&*policy);
    let grant = world
        .phone_codes()
        .look_at(call.now, &body.code, memory)
        .cloned();
    let grant = grant.map_err(|_| Errcode::InvalidCode)?;
    if grant.identity.app_id != app.id {
        return Err(Errcode::InvalidAppId.into());
    }
    if body
        .openid
        .is_some_and(|openid| *openid != *grant.identity.openid)
    {
        return Err(WxError::of_code(policy.phone_code_of_other_user));
    }
    let taken = world.phone_codes().take(call.now, &body.code, memory);
    taken.map_err(|_| Errcode::InvalidCode)?;
    Answer::of(&json!({
        "errcode": 0,
        "errmsg": "ok",
        "phone_info": {
            "phoneNumber": grant.phone.as_bound(),
            "purePhoneNumber": grant.phone.number,
            "countryCode": country_code(&grant.phone.country_code, policy.country_code_as_number),
            "watermark": {"timestamp": grant.granted.unix_seconds(), "appid": &*app.id},
        },
    }))
}

fn country_code(code: &str, as_number: bool) -> Value {
    match code.parse::<u64>() {
        Ok(number) if as_number => number.into(),
        _ => code.into(),
    }
}
