//! Virtual payment (虚拟支付) as the console configures it
//! (<https://developers.weixin.qq.com/miniprogram/dev/platform-capabilities/business-capabilities/virtual-payment.html>).

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::secret;

/// What the console's pages of virtual payment hold.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VirtualPaymentConfig {
    /// The app's number at the payment service.
    pub offer_id: String,
    /// The AppKey for `env` 0, which is live.
    #[serde(serialize_with = "secret::expose")]
    pub app_key: SecretString,
    /// The AppKey for `env` 1, WeChat's own sandbox.
    #[serde(serialize_with = "secret::expose")]
    pub sandbox_app_key: SecretString,
    /// The goods that are published. If there are none, every product is sold at every price.
    #[serde(default)]
    pub goods: Vec<Goods>,
}

/// A product of mode `short_series_goods`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Goods {
    /// Its number in the console.
    pub product_id: String,
    /// For one, in fen.
    pub price: u64,
}

impl VirtualPaymentConfig {
    /// The AppKey of `env`; `None` if there is no such environment.
    pub(crate) const fn key_of(&self, env: i64) -> Option<&SecretString> {
        match env {
            0 => Some(&self.app_key),
            1 => Some(&self.sandbox_app_key),
            _ => None,
        }
    }
}
