//! Why the settings are refused: the name or the line, and never a value.

use std::path::PathBuf;

use config::ConfigError;

/// Why the settings are refused.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The settings file cannot be read.
    #[error("cannot read the settings file {path}: {reason}")]
    FileUnreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        reason: std::io::ErrorKind,
    },
    /// The settings file is not TOML.
    #[error("{path}, line {line}: this is not TOML (is a quote, bracket or equals sign missing?)")]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Where reading failed, from 1.
        line: usize,
    },
    /// A `…_FILE` names a file that cannot be read.
    #[error("{setting}: cannot read the file it names: {reason}")]
    SecretFileUnreadable {
        /// The setting.
        setting: String,
        /// What the operating system says.
        reason: std::io::ErrorKind,
    },
    /// There is no such setting.
    #[error(
        "{setting} is not a setting of wxlogin; is it spelt right? (docs/settings.md lists them all)"
    )]
    Unknown {
        /// What was given.
        setting: String,
    },
    /// A setting has a value it cannot have.
    #[error("{setting}: {problem}")]
    Invalid {
        /// The setting.
        setting: String,
        /// What it should be.
        problem: String,
    },
}

impl SettingsError {
    pub(super) fn invalid(setting: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Invalid {
            setting: setting.into(),
            problem: problem.into(),
        }
    }

    /// Says what `error`, met at `path`, means, without the value that its text may quote.
    pub(super) fn from_config(path: &str, error: &ConfigError) -> Self {
        let error = innermost(error);
        if let ConfigError::NotFound(place) = error {
            // `config` puts places in lists in a way of its own (`apps[0]secret`).
            let field = place.rsplit(['.', ']']).next().unwrap_or(place);
            return Self::invalid(join(path, field), "is missing");
        }
        let text = error.to_string();
        if let Some(field) = quoted_after(&text, "unknown field ") {
            return Self::Unknown {
                setting: join(path, field),
            };
        }
        let problem = match text.split_once("expected ") {
            Some((_, expected)) => format!("expected {}", up_to_origin(expected)),
            None => String::from("is not a value this setting can have"),
        };
        Self::invalid(path, problem)
    }
}

fn innermost(error: &ConfigError) -> &ConfigError {
    match error {
        ConfigError::At { error, .. } => innermost(error),
        other => other,
    }
}

fn quoted_after<'a>(text: &'a str, words: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(words)?;
    rest.strip_prefix('`')?.split('`').next()
}

/// `config` ends its sentences with `for key … in …`.
fn up_to_origin(text: &str) -> &str {
    text.split(" for key ").next().unwrap_or(text)
}

fn join(path: &str, field: &str) -> String {
    // serde_path_to_error writes `.` for the root, and may have gone into the unknown field.
    let path = path.trim_matches('.');
    if path.is_empty() || path == field || path.ends_with(&format!(".{field}")) {
        return if path.is_empty() {
            field.to_owned()
        } else {
            path.to_owned()
        };
    }
    format!("{path}.{field}")
}
