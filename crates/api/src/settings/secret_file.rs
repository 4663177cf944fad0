//! Secrets in separate files, as Docker and Kubernetes provide them.

use std::path::Path;

use super::SettingsError;

/// What the file holds, without the line break at its end.
pub(super) fn read(setting: &str, path: impl AsRef<Path>) -> Result<String, SettingsError> {
    let text =
        std::fs::read_to_string(path).map_err(|error| SettingsError::SecretFileUnreadable {
            setting: setting.to_owned(),
            reason: error.kind(),
        })?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

/// The items of a list of plain values, separated by commas or line breaks.
pub(super) fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', '\n'])
        .map(str::trim)
        .filter(|item| !item.is_empty())
}
