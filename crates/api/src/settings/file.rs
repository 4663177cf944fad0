//! The settings file, and files that hold one secret each, as Docker and Kubernetes provide them.

use std::path::Path;

use config::{File, FileFormat, FileSourceString};
use toml::{Table, Value};

use super::SettingsError;

/// Settings whose value may stand in a file of its own, named by `<setting>_file`: the secrets,
/// and what is as long as they are.
const IN_FILES: [&str; 11] = [
    "secret",
    "secrets",
    "push_token",
    "push_aes_key",
    "master_key",
    "url",
    "api_keys",
    "key",
    "symmetric_key",
    "private_key",
    "platform_certificate",
];

/// Those of them that are lists.
const LISTS: [&str; 3] = ["secrets", "master_key", "api_keys"];

/// Reads the settings file, and the files of secrets it names.
pub(super) fn read(path: &Path) -> Result<File<FileSourceString, FileFormat>, SettingsError> {
    let text = std::fs::read_to_string(path).map_err(|error| SettingsError::FileUnreadable {
        path: path.to_owned(),
        reason: error.kind(),
    })?;
    let mut table = text
        .parse::<Table>()
        .map_err(|error| SettingsError::Syntax {
            path: path.to_owned(),
            line: line_of(&text, error.span().map_or(0, |span| span.start)),
        })?;
    resolve_files(&mut table)?;
    Ok(File::from_str(&table.to_string(), FileFormat::Toml))
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text.get(..offset).unwrap_or(text).matches('\n').count()
}

/// Replaces every `<secret>_file` by what the file holds.
pub(super) fn resolve_files(table: &mut Table) -> Result<(), SettingsError> {
    for name in IN_FILES {
        let in_file = format!("{name}_file");
        let Some(Value::String(path)) = table.get(&in_file).cloned() else {
            continue;
        };
        let secret = read_secret(&in_file, &path)?;
        table.remove(&in_file);
        let value = if LISTS.contains(&name) {
            Value::Array(
                items(&secret)
                    .map(|item| Value::String(item.to_owned()))
                    .collect(),
            )
        } else {
            Value::String(secret)
        };
        table.insert(name.to_owned(), value);
    }
    for (_, value) in table.iter_mut() {
        match value {
            Value::Table(inner) => resolve_files(inner)?,
            Value::Array(items) => {
                for item in items.iter_mut().filter_map(Value::as_table_mut) {
                    resolve_files(item)?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// What the file holds, without the line break at its end.
pub(super) fn read_secret(setting: &str, path: impl AsRef<Path>) -> Result<String, SettingsError> {
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
