//! A configuration in TOML: what it does not name is as in the demo.

use serde::Deserialize;
use url::Url;

use super::{
    AppConfig, ClockStart, ComponentConfig, ConfigError, DEFAULT_SEED, Policy, SandboxConfig,
    UserConfig,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    seed: Option<u64>,
    clock: Option<ClockStart>,
    workers: Option<usize>,
    control: Option<bool>,
    allow_remote: Option<bool>,
    service: Option<Url>,
    apps: Option<Vec<AppConfig>>,
    components: Option<Vec<ComponentConfig>>,
    users: Option<Vec<UserConfig>>,
    policy: Option<Policy>,
}

impl SandboxConfig {
    /// Reads a configuration in TOML; its keys are this struct's fields. What it leaves out is as in
    /// [`SandboxConfig::seeded`].
    ///
    /// # Errors
    /// [`ConfigError::File`] with the line.
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        let file: File = toml::from_str(text).map_err(|error| ConfigError::File {
            line: error.span().map_or(1, |span| line_of(text, span.start)),
            message: error.message().to_owned(),
        })?;
        let demo = Self::seeded(file.seed.unwrap_or(DEFAULT_SEED));
        Ok(Self {
            seed: demo.seed,
            clock: file.clock.unwrap_or(demo.clock),
            workers: file.workers.unwrap_or(demo.workers),
            control: file.control.unwrap_or(demo.control),
            allow_remote: file.allow_remote.unwrap_or(demo.allow_remote),
            service: file.service,
            apps: file.apps.unwrap_or(demo.apps),
            components: file.components.unwrap_or(demo.components),
            users: file.users.unwrap_or(demo.users),
            policy: file.policy.unwrap_or(demo.policy),
        })
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    let before = text.get(..offset).unwrap_or_default();
    1 + before.matches('\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_is_the_demo() {
        let config = SandboxConfig::from_toml("").unwrap();
        assert_eq!(config.apps.len(), 2);
        assert_eq!(config.users.len(), 3);
    }

    #[test]
    fn apps_and_rules_are_read() {
        let text = r#"
            clock = { fixed = 1750000000000 }
            [policy]
            login_code_ttl_s = 60
            [[apps]]
            app_id = "wx0123456789abcdef"
            secret = "0123456789abcdef0123456789abcdef"
            ip_whitelist = ["10.0.0.0/8"]
            limits = [{ api = "/cgi-bin/token", per_day = 5 }]
        "#;
        let config = SandboxConfig::from_toml(text).unwrap();
        assert_eq!(config.check(), Ok(()));
        assert_eq!(config.policy.login_code_ttl_s, 60);
        assert_eq!(config.apps[0].limits[0].per_day, 5);
    }

    #[test]
    fn an_error_names_the_line_and_the_key() {
        let error = SandboxConfig::from_toml("seed = 1\nsede = 2").unwrap_err();
        let text = error.to_string();
        assert!(text.contains("line 2") && text.contains("sede"), "{text}");
    }
}
