//! Calls of virtual payment that two signatures are over: `/xpay/query_user_balance`, `/xpay/currency_pay`
//! (<https://developers.weixin.qq.com/miniprogram/dev/server/API/VirtualPayment/>) and, of small games,
//! `/wxa/game/getbalance`
//! (<https://developers.weixin.qq.com/minigame/dev/api-backend/midas-payment-v2/pay_v2.getBalance.html>).

use std::sync::Arc;

use actix_web::http::Method;
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::{Answer, Call, access};
use crate::config::VirtualPaymentConfig;
use crate::crypto::{pay_signature, session_signature};
use crate::errors::{Errcode, WxError};
use crate::state::directory::App;
use crate::state::purses::{Env, NotSpent};
use crate::state::{Identity, World};

/// What the two families of calls answer where they refuse.
struct Refusals {
    parameter: Errcode,
    openid: Errcode,
    signature: Errcode,
    pay_sig: Errcode,
    session: Errcode,
}

const XPAY: Refusals = Refusals {
    parameter: Errcode::PayParameter,
    openid: Errcode::PayOpenid,
    signature: Errcode::PaySignature,
    pay_sig: Errcode::PaySignature,
    session: Errcode::PaySession,
};

const GAME: Refusals = Refusals {
    parameter: Errcode::GameParameter,
    openid: Errcode::InvalidOpenid,
    signature: Errcode::GameSignature,
    pay_sig: Errcode::GamePaySig,
    session: Errcode::GameSession,
};

#[derive(Deserialize)]
struct Payer {
    openid: String,
    env: Env,
}

#[derive(Deserialize)]
struct CurrencyPay {
    amount: u64,
    order_id: String,
}

#[derive(Deserialize)]
struct GameBalance {
    offer_id: String,
    #[serde(rename = "ts")]
    _ts: u64,
    #[serde(rename = "zone_id")]
    _zone_id: String,
}

pub(super) fn query_user_balance(world: &World, call: &Call<'_>) -> Result<Answer, WxError> {
    let (payer, env, _) = signed(world, call, &XPAY)?;
    balance(world, &payer, env, ("first_save_flag", json!(1)))
}

pub(super) fn currency_pay(world: &World, call: &Call<'_>) -> Result<Answer, WxError> {
    let (payer, env, _) = signed(world, call, &XPAY)?;
    let pay: CurrencyPay = body(call, &XPAY)?;
    if pay.amount == 0 || pay.order_id.is_empty() {
        return Err(XPAY.parameter.into());
    }
    let spent = (world.purses()).spend(&payer, env, &pay.order_id, pay.amount);
    let left = spent.map_err(|refusal| match refusal {
        NotSpent::Repeated => Errcode::PayRepeated,
        NotSpent::TooFew => Errcode::PayTooFewCoins,
    })?;
    Answer::of(&json!({
        "errcode": 0, "errmsg": "ok",
        "order_id": pay.order_id, "balance": left, "used_present_amount": 0,
    }))
}

pub(super) fn game_balance(world: &World, call: &Call<'_>) -> Result<Answer, WxError> {
    if call.query.get("sig_method") != Some("hmac_sha256") {
        return Err(GAME.parameter.into());
    }
    let asked: GameBalance = body(call, &GAME)?;
    let (payer, env, app) = signed(world, call, &GAME)?;
    if payment_of(&app, &GAME)?.offer_id != asked.offer_id {
        return Err(GAME.parameter.into());
    }
    balance(world, &payer, env, ("first_save", json!(true)))
}

/// No coins are given away here, and every user may still have the bonus of a first purchase.
fn balance(
    world: &World,
    payer: &Identity,
    env: Env,
    (first, flag): (&str, serde_json::Value),
) -> Result<Answer, WxError> {
    let coins = world.purses().coins(&payer.openid, env);
    Answer::of(&json!({
        "errcode": 0, "errmsg": "ok",
        "balance": coins.left(), "present_balance": 0,
        "sum_save": coins.bought, "sum_present": 0,
        "sum_balance": coins.bought, "sum_cost": coins.spent,
        (first): flag,
    }))
}

/// The user in the body, which both signatures are over, byte for byte and in lower case.
fn signed(
    world: &World,
    call: &Call<'_>,
    refusals: &Refusals,
) -> Result<(Identity, Env, Arc<App>), WxError> {
    call.require(&Method::POST)?;
    let app = access::caller(world, call)?;
    let payer: Payer = body(call, refusals)?;
    let identity = access::user_of(world, &app, &payer.openid).map_err(|_| refusals.openid)?;
    let key = payment_of(&app, refusals)?.key_of(payer.env);
    let app_key = key.ok_or(refusals.parameter)?.expose_secret();
    let text = std::str::from_utf8(&call.body).map_err(|_| refusals.parameter)?;

    let pay_sig = pay_signature(app_key, call.path, text);
    if call.query.get("pay_sig") != Some(&pay_sig) {
        return Err(refusals.pay_sig.into());
    }
    let session_key = world.session_keys().current(call.now, &payer.openid);
    let signature = session_signature(&session_key.ok_or(refusals.session)?, text);
    if call.query.get("signature") != Some(&signature) {
        return Err(refusals.signature.into());
    }
    Ok((identity, payer.env, app))
}

fn payment_of<'a>(app: &'a App, refusals: &Refusals) -> Result<&'a VirtualPaymentConfig, WxError> {
    let config = app.config.virtual_payment.as_ref();
    config.ok_or_else(|| refusals.parameter.into())
}

fn body<T: DeserializeOwned>(call: &Call<'_>, refusals: &Refusals) -> Result<T, WxError> {
    serde_json::from_slice(&call.body).map_err(|_| refusals.parameter.into())
}
