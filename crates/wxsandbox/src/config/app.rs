//! A Mini Program as the operator's console knows it.

use ipnet::IpNet;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::{ApiSecurityConfig, CloudConfig, PushConfig, VirtualPaymentConfig, secret};
use crate::api::Api;

/// A Mini Program as WeChat's console knows it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppConfig {
    /// `wx` and 16 lower-case hex digits.
    pub app_id: String,
    /// The AppSecret, 32 lower-case hex digits.
    #[serde(serialize_with = "secret::expose")]
    pub secret: SecretString,
    /// For people.
    #[serde(default)]
    pub name: String,
    /// The Open Platform account the app is bound to. Apps of one account share unionids; an app of
    /// none gets no unionid.
    #[serde(default)]
    pub open_platform: Option<String>,
    /// The AppSecret is frozen in the console: token calls are answered with 40243.
    #[serde(default)]
    pub secret_frozen: bool,
    /// The account is frozen: 50007 for tokens, 50002 for logins.
    #[serde(default)]
    pub frozen: bool,
    /// Calls the app may not make: 48001, and 50004 for tokens.
    #[serde(default)]
    pub forbidden_apis: Vec<Api>,
    /// Quotas other than WeChat's usual ones.
    #[serde(default)]
    pub limits: Vec<ApiLimit>,
    /// Networks (`10.0.0.0/8`) that may ask for tokens; others get 40164. All, if absent.
    #[serde(default)]
    pub ip_whitelist: Option<Vec<IpNet>>,
    /// Whether the whitelist holds for code2session too.
    #[serde(default)]
    pub ip_whitelist_on_login: bool,
    /// Networks from which a token is only given after the administrator has agreed (89503 …).
    #[serde(default)]
    pub risky_ips: Vec<IpNet>,
    /// Where messages are pushed to.
    #[serde(default)]
    pub push: Option<PushConfig>,
    /// Signing and encryption of API calls.
    #[serde(default)]
    pub api_security: Option<ApiSecurityConfig>,
    /// The app's container in WeChat's cloud hosting.
    #[serde(default)]
    pub cloud: Option<CloudConfig>,
    /// Where data pre-fetch asks for data before the app is open.
    #[serde(default)]
    pub prefetch_url: Option<String>,
    /// Virtual payment; without it nothing can be sold.
    #[serde(default)]
    pub virtual_payment: Option<VirtualPaymentConfig>,
    /// What the app has bought from WeChat, such as phone numbers.
    #[serde(default)]
    pub resource_packs: Vec<ResourcePack>,
}

/// Pieces of one resource, and how many are used up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResourcePack {
    /// WeChat's number of the resource: 10000077 and 10000086 are phone numbers.
    pub spu_id: String,
    /// How many were bought.
    pub all: u64,
    /// How many are used up.
    #[serde(default)]
    pub used: u64,
}

/// A quota of one call, other than the usual one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiLimit {
    /// The call.
    pub api: Api,
    /// Calls a day, from midnight in China; 0 = no limit. Above: 45009.
    #[serde(default)]
    pub per_day: u64,
    /// Calls a minute; 0 = no limit. Above: 45011.
    #[serde(default)]
    pub per_minute: u64,
}

impl AppConfig {
    /// An app bound to no Open Platform account, with nothing switched on.
    pub fn new(app_id: impl Into<String>, secret: impl Into<SecretString>) -> Self {
        Self {
            app_id: app_id.into(),
            secret: secret.into(),
            name: String::new(),
            open_platform: None,
            secret_frozen: false,
            frozen: false,
            forbidden_apis: Vec::new(),
            limits: Vec::new(),
            ip_whitelist: None,
            ip_whitelist_on_login: false,
            risky_ips: Vec::new(),
            push: None,
            api_security: None,
            cloud: None,
            prefetch_url: None,
            virtual_payment: None,
            resource_packs: Vec::new(),
        }
    }
}
