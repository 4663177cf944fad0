//! `wx.requestVirtualPayment`
//! (<https://developers.weixin.qq.com/miniprogram/dev/api/payment/wx.requestVirtualPayment.html>).

use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};

use super::Phone;
use crate::config::{Goods, VirtualPaymentConfig};
use crate::crypto::{pay_signature, session_signature};
use crate::push;
use crate::state::purses::{Bought, Env, Order};

/// What a mini program gives to `wx.requestVirtualPayment`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VirtualPayment {
    /// `short_series_goods` or `short_series_coin`.
    pub mode: String,
    /// The text of a JSON object, which both signatures are over.
    pub sign_data: String,
    /// Made with the AppKey.
    pub pay_sig: String,
    /// Made with the session_key.
    pub signature: String,
}

/// What `fail` is called with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("requestVirtualPayment:fail {text}")]
pub struct VirtualPaymentFailure {
    /// The code.
    pub code: i32,
    /// What follows `requestVirtualPayment:fail` in `errMsg`.
    pub text: &'static str,
}

const fn failure(code: i32, text: &'static str) -> VirtualPaymentFailure {
    VirtualPaymentFailure { code, text }
}

const CANCELLED: VirtualPaymentFailure = failure(-2, "cancel");
const NOT_SIGNED_UP: VirtualPaymentFailure = failure(-15001, "NO_VIRTUAL_PAYMENT");
const WRONG_OFFER: VirtualPaymentFailure = failure(-15001, "OFFER_ID_INVALID");
const WRONG_MODE: VirtualPaymentFailure = failure(-15001, "MODE_INVALID");
const WRONG_NUMBER: VirtualPaymentFailure = failure(-15001, "OUT_TRADE_NO_INVALID");
const WRONG_QUANTITY: VirtualPaymentFailure = failure(-15001, "BUY_QUANTITY_INVALID");
const NO_PRODUCT: VirtualPaymentFailure = failure(-15001, "PRODUCT_ID_EMPTY");
const USED_NUMBER: VirtualPaymentFailure = failure(-15002, "ORDER_CLOSED");
const WRONG_CURRENCY: VirtualPaymentFailure = failure(-15004, "CURRENCY_TYPE_INVALID");
const WRONG_SIGNATURE: VirtualPaymentFailure = failure(-15005, "SIGNATURE_INVALID");
const WRONG_PAY_SIG: VirtualPaymentFailure = failure(-15006, "PAY_SIG_INVALID");
const SESSION_EXPIRED: VirtualPaymentFailure = failure(-15007, "SESSION_KEY_EXPIRED");
const NOT_PUBLISHED: VirtualPaymentFailure = failure(-15010, "PRODUCT_ID_NOT_PUBLISH");
const WRONG_PRICE: VirtualPaymentFailure = failure(-15013, "GOODS_PRICE_INVALID");
const WRONG_SIGN_DATA: VirtualPaymentFailure = failure(-15016, "SIGN_DATA_INVALID");

/// The name that `paySig` is over on the phone, without a slash.
const URI: &str = "requestVirtualPayment";

/// WeChat asks for one fen a coin here; the console sets it there.
const FEN_A_COIN: u64 = 1;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SignData {
    offer_id: String,
    buy_quantity: u64,
    #[serde(default)]
    env: Env,
    currency_type: String,
    #[serde(default)]
    product_id: String,
    goods_price: Option<u64>,
    activity_selling_price: Option<u64>,
    out_trade_no: String,
    #[serde(default)]
    attach: String,
}

impl Phone {
    /// `wx.requestVirtualPayment`, and the user pays; then WeChat pushes a message to the app's server.
    ///
    /// # Errors
    /// What the mini program's `fail` is called with.
    pub fn request_virtual_payment(
        &self,
        request: &VirtualPayment,
    ) -> Result<(), VirtualPaymentFailure> {
        let order = self.check_payment(request)?;
        if !self.world.purses().pay(&order) {
            return Err(USED_NUMBER);
        }
        self.world
            .tell(&self.app.id, push::paid(&self.world, &order));
        Ok(())
    }

    /// `wx.requestVirtualPayment`, and the user closes the cashier.
    ///
    /// # Errors
    /// As [`Phone::request_virtual_payment`], and -2 always.
    pub fn cancel_virtual_payment(
        &self,
        request: &VirtualPayment,
    ) -> Result<(), VirtualPaymentFailure> {
        self.check_payment(request)?;
        Err(CANCELLED)
    }

    fn check_payment(&self, request: &VirtualPayment) -> Result<Order, VirtualPaymentFailure> {
        let config = self.app.config.virtual_payment.as_ref();
        let config = config.ok_or(NOT_SIGNED_UP)?;
        let data: SignData =
            serde_json::from_str(&request.sign_data).map_err(|_| WRONG_SIGN_DATA)?;
        self.check_signatures(config, request, data.env)?;
        let (bought, fee) = data.bought(&request.mode, config)?;
        let dice = &self.world.dice;
        Ok(Order {
            payer: self.identity.clone(),
            number: data.out_trade_no,
            env: data.env,
            bought,
            quantity: data.buy_quantity,
            fee,
            attach: data.attach,
            wx_order_id: dice.digits(20),
            transaction_id: format!("42{}", dice.digits(26)),
            paid: self.world.now(),
            refunded: 0,
        })
    }

    /// Hex is compared with its case.
    fn check_signatures(
        &self,
        config: &VirtualPaymentConfig,
        request: &VirtualPayment,
        env: Env,
    ) -> Result<(), VirtualPaymentFailure> {
        let (text, now) = (&request.sign_data, self.world.now());
        let session_key = self.world.session_keys().current(now, self.openid());
        let session_key = session_key.ok_or(SESSION_EXPIRED)?;
        if session_signature(&session_key, text) != request.signature {
            return Err(WRONG_SIGNATURE);
        }
        let app_key = config.key_of(env).ok_or(WRONG_SIGN_DATA)?;
        if pay_signature(app_key.expose_secret(), URI, text) != request.pay_sig {
            return Err(WRONG_PAY_SIG);
        }
        Ok(())
    }
}

impl SignData {
    /// What is bought, and for how much.
    fn bought(
        &self,
        mode: &str,
        config: &VirtualPaymentConfig,
    ) -> Result<(Bought, u64), VirtualPaymentFailure> {
        if self.offer_id != config.offer_id {
            return Err(WRONG_OFFER);
        }
        if self.currency_type != "CNY" {
            return Err(WRONG_CURRENCY);
        }
        if !is_order_number(&self.out_trade_no) {
            return Err(WRONG_NUMBER);
        }
        if self.buy_quantity == 0 {
            return Err(WRONG_QUANTITY);
        }
        match mode {
            "short_series_goods" => {
                let price = self.price(&config.goods)?;
                let one = self.activity_selling_price.unwrap_or(price);
                let product_id = self.product_id.clone();
                let fee = one.saturating_mul(self.buy_quantity);
                Ok((Bought::Goods { product_id, price }, fee))
            }
            "short_series_coin" => {
                let fee = self.buy_quantity.saturating_mul(FEN_A_COIN);
                Ok((Bought::Coins, fee))
            }
            _ => Err(WRONG_MODE),
        }
    }

    fn price(&self, published: &[Goods]) -> Result<u64, VirtualPaymentFailure> {
        if self.product_id.is_empty() {
            return Err(NO_PRODUCT);
        }
        let price = self.goods_price.ok_or(WRONG_PRICE)?;
        if published.is_empty() {
            return Ok(price);
        }
        let mut published = published.iter();
        let product = published.find(|goods| goods.product_id == self.product_id);
        match product {
            None => Err(NOT_PUBLISHED),
            Some(product) if product.price != price => Err(WRONG_PRICE),
            Some(_) => Ok(price),
        }
    }
}

/// 8 to 32 digits, letters and `_-|*@`, none of `_` first.
fn is_order_number(number: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "_-|*@".contains(c);
    (8..=32).contains(&number.len()) && number.chars().all(fits) && !number.starts_with('_')
}
