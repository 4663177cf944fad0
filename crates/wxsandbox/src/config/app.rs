//! A Mini Program as the operator's console knows it.

use secrecy::SecretString;
use serde::Deserialize;

/// A Mini Program as WeChat's console knows it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppConfig {
    /// `wx` and 16 lower-case hex digits.
    pub app_id: String,
    /// The AppSecret, 32 lower-case hex digits.
    pub secret: SecretString,
    /// For people.
    #[serde(default)]
    pub name: String,
    /// The Open Platform account the app is bound to. Apps of one account share unionids; an app of
    /// none gets no unionid.
    #[serde(default)]
    pub open_platform: Option<String>,
}

impl AppConfig {
    /// An app bound to no Open Platform account, with nothing switched on.
    #[must_use]
    pub fn new(app_id: impl Into<String>, secret: impl Into<SecretString>) -> Self {
        Self {
            app_id: app_id.into(),
            secret: secret.into(),
            name: String::new(),
            open_platform: None,
        }
    }
}
