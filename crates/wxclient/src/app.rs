//! The mini program a call is made for: a value one holds, never ambient state.

use domain::id::AppId;
use secrecy::{ExposeSecret, SecretString};

/// A mini program and the secret that speaks for it at WeChat.
#[derive(Clone, Debug)]
pub struct App {
    /// WeChat's name for it.
    pub app_id: AppId,
    /// Its AppSecret.
    pub secret: AppSecret,
}

/// The AppSecret of a mini program (32 hex digits, from the console's 开发管理 page). Whoever holds
/// it can act as the app, so it shows as `[REDACTED]` in `Debug` and is wiped when dropped.
#[derive(Clone, Debug)]
pub struct AppSecret(SecretString);

impl AppSecret {
    /// Takes the text as it is.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(SecretString::from(text.into()))
    }

    /// The text, for the request to WeChat alone.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_does_not_show_its_secret() {
        let app = App {
            app_id: AppId::new("wx0123456789abcdef"),
            secret: AppSecret::new("5ecre7"),
        };
        let shown = format!("{app:?}");
        assert!(shown.contains("wx0123456789abcdef"), "{shown}");
        assert!(!shown.contains("5ecre7"), "{shown}");
    }
}
