//! WeChat's server API: one file per call, and the gate all of them come through.

mod access;
mod answer;
mod call;
mod check_encrypted_data;
mod check_session;
mod clear_quota;
mod code2session;
mod component;
mod exchange;
mod gate;
mod get_quota;
mod get_rid;
mod paid_unionid;
mod payment;
mod phone_number;
mod plugin_openpid;
mod record;
mod reply;
mod reset_session;
mod security;
mod session;
mod stable_token;
mod token;
mod trouble;
mod usage;
mod user_encrypt_key;

use actix_web::web;

use self::answer::Answer;
use self::call::Call;
use self::reply::Reply;
use crate::api::Api;
use crate::errors::{Errcode, WxError};
use crate::state::World;

/// WeChat's paths first: the router tries one route after the other. Unknown paths come to the gate
/// in the end.
pub(crate) fn configure(config: &mut web::ServiceConfig) {
    for api in Api::ALL {
        config.route(api.path(), web::route().to(gate::gate));
    }
    config.default_service(web::to(gate::gate));
}

/// Answers a call as WeChat would.
fn dispatch(world: &World, call: &Call<'_>) -> Result<Answer, WxError> {
    let Some(api) = call.api else {
        return Err(Errcode::InvalidUrl.into());
    };
    match api {
        Api::Code2Session => code2session::answer(world, call),
        Api::ComponentCode2Session => component::code2session(world, call),
        Api::Token => token::answer(world, call),
        Api::StableToken => stable_token::answer(world, call),
        Api::ClearQuota => clear_quota::by_token(world, call),
        Api::ClearQuotaBySecret => clear_quota::by_secret(world, call),
        Api::GetQuota => get_quota::answer(world, call),
        Api::GetRid => get_rid::answer(world, call),
        Api::ComponentToken => component::token(world, call),
        Api::AuthorizerToken => component::authorizer_token(world, call),
        Api::GetPhoneNumber => phone_number::answer(world, call),
        Api::CheckSession => check_session::answer(world, call),
        Api::ResetSession => reset_session::answer(world, call),
        Api::CheckEncryptedData => check_encrypted_data::answer(world, call),
        Api::GetPaidUnionid => paid_unionid::answer(world, call),
        Api::GetPluginOpenpid => plugin_openpid::answer(world, call),
        Api::GetUserEncryptKey => user_encrypt_key::answer(world, call),
        Api::QueryUserBalance => payment::query_user_balance(world, call),
        Api::CurrencyPay => payment::currency_pay(world, call),
        Api::GetGameBalance => payment::game_balance(world, call),
        Api::GetUsage => usage::answer(world, call),
    }
}
