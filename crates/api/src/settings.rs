//! The settings: defaults, then the file, then the environment.

mod check;
mod error;
mod model;
mod secrets;
mod sources;
mod value;

use std::collections::HashMap;
use std::path::Path;

use config::{Config, File, FileFormat};

pub use error::SettingsError;
pub use model::{
    Admin, ApiKey, App, Database, Limits, Log, LogFormat, OpenData, PushRule, Sandbox, Scope,
    Server, Settings, Tokens, Wechat,
};
pub use value::{CorsHeader, CorsOrigin, HttpUrl, Listen, Secret, TargetUrl};

/// Name of the environment variable that names the settings file.
const FILE_VARIABLE: &str = "WXLOGIN_CONFIG";

impl Settings {
    /// Reads the settings of this process.
    ///
    /// `file` is the one named on the command line; it wins over `WXLOGIN_CONFIG`.
    ///
    /// # Errors
    /// [`SettingsError`], which names the setting or the line, and never shows a value.
    pub fn load(file: Option<&Path>) -> Result<Self, SettingsError> {
        Self::read(file, &std::env::vars_os().filter_map(as_text).collect())
    }

    /// Reads the settings from `file` and from the given environment variables.
    ///
    /// # Errors
    /// [`SettingsError`], which names the setting or the line, and never shows a value.
    pub fn read(
        file: Option<&Path>,
        variables: &HashMap<String, String>,
    ) -> Result<Self, SettingsError> {
        let named = variables
            .get(FILE_VARIABLE)
            .filter(|path| !path.is_empty())
            .map(Path::new);
        let file = file.or(named).map(sources::file).transpose()?;
        let tables = file.into_iter().chain([sources::environment(variables)?]);
        let sources = tables.fold(Config::builder(), |sources, table| {
            sources.add_source(File::from_str(&table.to_string(), FileFormat::Toml))
        });
        let config = sources
            .build()
            .map_err(|error| SettingsError::from_config("", &error))?;
        let settings = serde_path_to_error::deserialize::<_, Self>(config).map_err(|error| {
            SettingsError::from_config(&error.path().to_string(), error.inner())
        })?;
        check::check(&settings)?;
        Ok(settings)
    }

    /// Refuses to show the sandbox to the network, unless the operator says so.
    ///
    /// # Errors
    /// [`SettingsError::Invalid`], which names the listener.
    pub fn check_sandbox_is_private(&self) -> Result<(), SettingsError> {
        check::sandbox_is_private(self)
    }
}

/// A variable whose name and value are text; others are not ours.
fn as_text((name, value): (std::ffi::OsString, std::ffi::OsString)) -> Option<(String, String)> {
    Some((name.into_string().ok()?, value.into_string().ok()?))
}

#[cfg(test)]
mod tests;
