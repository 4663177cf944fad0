//! Refuses a configuration that cannot work, by name of the value that is wrong.

use std::collections::HashSet;

use secrecy::{ExposeSecret, SecretString};

use super::{ApiSecurityConfig, AppConfig, ComponentConfig, PushConfig, SandboxConfig, UserConfig};
use crate::crypto::{api_security, push};

/// What is wrong with a configuration.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// An appid is not `wx` and 16 lower-case hex digits.
    #[error("appid `{0}` is not `wx` followed by 16 lower-case hex digits")]
    AppId(String),
    /// An AppSecret is not 32 lower-case hex digits.
    #[error("the AppSecret of `{0}` is not 32 lower-case hex digits")]
    Secret(String),
    /// EncodingAESKey is not 43 characters of base64.
    #[error("the EncodingAESKey of `{0}` is not 43 characters of base64")]
    EncodingAesKey(String),
    /// The symmetric key of API security is not 32 bytes in base64.
    #[error("api_security.aes_key of `{0}` is not 32 bytes in base64")]
    AesKey(String),
    /// The developer's public key cannot be read.
    #[error(
        "api_security.public_key_pem of `{0}` is not an RSA public key of 2048 bits or more in PEM (BEGIN PUBLIC KEY)"
    )]
    PublicKey(String),
    /// The file is no TOML, or has a key the sandbox does not know.
    #[error("line {line} of the file: {message}")]
    File {
        /// Counted from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// A user's name would not fit a URL path.
    #[error("user name `{0}` is not 1 to 64 letters, digits, `-`, `_` or `.`")]
    UserName(String),
    /// Something is there twice.
    #[error("{what} `{name}` is there twice")]
    Duplicate {
        /// App or user.
        what: &'static str,
        /// Its appid or name.
        name: String,
    },
}

impl SandboxConfig {
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        for app in &self.apps {
            app.check()?;
        }
        for component in &self.components {
            component.check()?;
        }
        for user in &self.users {
            user.check()?;
        }
        unique("app", self.apps.iter().map(|app| app.app_id.as_str()))?;
        unique("user", self.users.iter().map(|user| user.name.as_str()))
    }
}

impl AppConfig {
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        check_keys(&self.app_id, &self.secret)?;
        if let Some(push) = &self.push {
            push.check(&self.app_id)?;
        }
        match &self.api_security {
            Some(security) => security.check(&self.app_id),
            None => Ok(()),
        }
    }
}

impl ComponentConfig {
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        check_keys(&self.component_app_id, &self.secret)
    }
}

impl PushConfig {
    fn check(&self, app_id: &str) -> Result<(), ConfigError> {
        let key = push::AesKey::parse(self.encoding_aes_key.expose_secret());
        key.map(drop)
            .ok_or_else(|| ConfigError::EncodingAesKey(app_id.to_owned()))
    }
}

impl ApiSecurityConfig {
    fn check(&self, app_id: &str) -> Result<(), ConfigError> {
        if api_security::SymmetricKey::parse(&self.aes_sn, self.aes_key.expose_secret()).is_none() {
            return Err(ConfigError::AesKey(app_id.to_owned()));
        }
        let key = api_security::DeveloperKey::parse(&self.public_key_pem);
        key.map(drop)
            .ok_or_else(|| ConfigError::PublicKey(app_id.to_owned()))
    }
}

fn check_keys(app_id: &str, secret: &SecretString) -> Result<(), ConfigError> {
    let digits = app_id.strip_prefix("wx");
    if !digits.is_some_and(|digits| is_lower_hex(digits, 16)) {
        return Err(ConfigError::AppId(app_id.to_owned()));
    }
    if !is_lower_hex(secret.expose_secret(), 32) {
        return Err(ConfigError::Secret(app_id.to_owned()));
    }
    Ok(())
}

impl UserConfig {
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if (1..=64).contains(&self.name.len()) && self.name.chars().all(fits) {
            Ok(())
        } else {
            Err(ConfigError::UserName(self.name.clone()))
        }
    }
}

fn is_lower_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'))
}

fn unique<'a>(what: &'static str, names: impl Iterator<Item = &'a str>) -> Result<(), ConfigError> {
    let mut seen = HashSet::new();
    for name in names {
        if !seen.insert(name) {
            let name = name.to_owned();
            return Err(ConfigError::Duplicate { what, name });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_passes() {
        assert_eq!(SandboxConfig::default().check(), Ok(()));
    }

    #[test]
    fn a_malformed_secret_is_refused_without_being_quoted() {
        let app = AppConfig::new("wx0123456789abcdef", "HUSH");
        let error = app.check().unwrap_err();
        assert_eq!(error, ConfigError::Secret("wx0123456789abcdef".to_owned()));
        assert!(!error.to_string().contains("HUSH"));
    }

    #[test]
    fn two_users_of_one_name_are_refused() {
        let mut config = SandboxConfig::default();
        config.users.push(UserConfig::new("alice"));
        assert!(matches!(
            config.check(),
            Err(ConfigError::Duplicate { what: "user", .. })
        ));
    }

    #[test]
    fn a_name_that_would_not_fit_a_path_is_refused() {
        assert!(UserConfig::new("a/b").check().is_err());
        assert!(UserConfig::new("").check().is_err());
        assert!(UserConfig::new("user-1").check().is_ok());
    }
}
