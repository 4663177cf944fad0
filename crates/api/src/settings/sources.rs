//! Where settings come from: the settings file, the environment (`WXLOGIN_` and the path, with `__` between
//! levels), and files that hold one secret each, as Docker and Kubernetes provide them.

use std::collections::HashMap;
use std::path::Path;

use toml::{Table, Value};

use super::{FILE_VARIABLE, SettingsError, secrets};

const PREFIX: &str = "WXLOGIN_";

/// The settings that are lists of plain values, which come from the environment separated by commas.
const LISTS: [&str; 6] = [
    "tokens.audience",
    "server.trusted_proxies",
    "server.cors_allowed_headers",
    "server.cors_allowed_origins",
    "master_key",
    "admin.api_keys",
];

/// The settings that come from the environment as a JSON array (`admin.api_keys` may).
const JSON_LISTS: [&str; 2] = ["apps", "admin.api_keys"];

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
const LISTS_IN_FILES: [&str; 3] = ["secrets", "master_key", "api_keys"];

/// Reads the settings file, and the files of secrets it names.
pub(super) fn file(path: &Path) -> Result<Table, SettingsError> {
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
    read_named_files(&mut table)?;
    Ok(table)
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text.get(..offset).unwrap_or(text).matches('\n').count()
}

/// Reads the variables, and the files of secrets that `…_FILE` names.
pub(super) fn environment(variables: &HashMap<String, String>) -> Result<Table, SettingsError> {
    let mut table = Table::new();
    if let Some(url) = value_of(variables, "DATABASE_URL")? {
        insert(&mut table, "database.url", "DATABASE_URL", url)?;
    }
    if let Some(app) = single_app(variables)? {
        table.insert(String::from("apps"), Value::Array(vec![app]));
    }
    // In order, so that the same environment gives the same error every time.
    let mut names: Vec<&str> = variables.keys().map(String::as_str).collect();
    names.sort_unstable();
    for name in names {
        let Some(path) = name
            .strip_prefix(PREFIX)
            .map(|path| path.trim_end_matches("_FILE"))
        else {
            continue;
        };
        let plain = format!("{PREFIX}{path}");
        let is_ours = name == FILE_VARIABLE || matches!(path, "APP_ID" | "APP_SECRET" | "CONFIG");
        if is_ours || (plain != *name && variables.contains_key(&plain)) {
            continue;
        }
        if let Some(text) = value_of(variables, &plain)? {
            let path = path.to_ascii_lowercase().replace("__", ".");
            insert(&mut table, &path, name, text)?;
        }
    }
    Ok(table)
}

/// The value of `name`, or what the file holds that `name`_FILE names.
fn value_of(
    variables: &HashMap<String, String>,
    name: &str,
) -> Result<Option<String>, SettingsError> {
    // An empty variable is an absent one: that is how compose files leave one out.
    let given = |name: &str| variables.get(name).filter(|value| !value.is_empty());
    if let Some(value) = given(name) {
        return Ok(Some(value.clone()));
    }
    let in_file = format!("{name}_FILE");
    given(&in_file)
        .map(|path| read_secret(&in_file, path))
        .transpose()
}

/// `WXLOGIN_APP_ID` and `WXLOGIN_APP_SECRET`, for those who have one app.
fn single_app(variables: &HashMap<String, String>) -> Result<Option<Value>, SettingsError> {
    let id = value_of(variables, "WXLOGIN_APP_ID")?;
    let secret = value_of(variables, "WXLOGIN_APP_SECRET")?;
    let missing = |name: &str, beside: &str| {
        let problem = format!("is missing beside {beside}");
        Err(SettingsError::invalid(name, problem))
    };
    let (id, secret) = match (id, secret) {
        (None, None) => return Ok(None),
        (Some(id), Some(secret)) => (id, secret),
        (Some(_), None) => return missing("WXLOGIN_APP_SECRET", "WXLOGIN_APP_ID"),
        (None, Some(_)) => return missing("WXLOGIN_APP_ID", "WXLOGIN_APP_SECRET"),
    };
    for (name, text) in [
        ("WXLOGIN_APP_ID (apps[0].app_id)", &id),
        ("WXLOGIN_APP_SECRET (apps[0].secret)", &secret),
    ] {
        if let Some(problem) = secrets::problem(text) {
            return Err(SettingsError::invalid(name, problem));
        }
    }
    if variables.contains_key("WXLOGIN_APPS") {
        return Err(SettingsError::invalid(
            "WXLOGIN_APP_ID",
            "stands beside WXLOGIN_APPS; give one of the two",
        ));
    }
    let app = [("app_id", id), ("secret", secret)];
    let app = app.map(|(name, text)| (name.to_owned(), Value::String(text)));
    Ok(Some(Value::Table(app.into_iter().collect())))
}

/// Puts what `variable` holds at `path`.
fn insert(
    mut table: &mut Table,
    path: &str,
    variable: &str,
    text: String,
) -> Result<(), SettingsError> {
    let value = if JSON_LISTS.contains(&path) && text.trim_start().starts_with('[') {
        let mut list: Vec<Value> = serde_json::from_str(&text).map_err(|_| {
            SettingsError::invalid(variable, "expected a JSON array, and this is not one")
        })?;
        read_files_of_items(&mut list)?;
        Value::Array(list)
    } else if LISTS.contains(&path) {
        let items = items(&text);
        if items.as_array().is_none_or(Vec::is_empty) {
            let name = format!("{variable} ({path})");
            return Err(SettingsError::invalid(name, "holds no item"));
        }
        items
    } else if path == "apps" {
        return Err(SettingsError::invalid(
            variable,
            "expected a JSON array of objects with app_id and secret",
        ));
    } else {
        Value::String(text)
    };
    let mut levels: Vec<&str> = path.split('.').collect();
    let Some(last) = levels.pop() else {
        return Ok(());
    };
    for level in levels {
        let inner = table.entry(level).or_insert_with(|| Table::new().into());
        let Value::Table(inner) = inner else {
            return Err(SettingsError::Unknown {
                setting: variable.to_owned(),
            });
        };
        table = inner;
    }
    table.insert(last.to_owned(), value);
    Ok(())
}

/// Replaces every `<secret>_file` by what the file holds.
fn read_named_files(table: &mut Table) -> Result<(), SettingsError> {
    for name in IN_FILES {
        let in_file = format!("{name}_file");
        let Some(Value::String(path)) = table.get(&in_file).cloned() else {
            continue;
        };
        let secret = read_secret(&in_file, &path)?;
        table.remove(&in_file);
        let value = if LISTS_IN_FILES.contains(&name) {
            items(&secret)
        } else {
            Value::String(secret)
        };
        table.insert(name.to_owned(), value);
    }
    for (_, value) in table.iter_mut() {
        match value {
            Value::Table(inner) => read_named_files(inner)?,
            Value::Array(items) => read_files_of_items(items)?,
            _ => {}
        }
    }
    Ok(())
}

fn read_files_of_items(items: &mut [Value]) -> Result<(), SettingsError> {
    let mut tables = items.iter_mut().filter_map(Value::as_table_mut);
    tables.try_for_each(read_named_files)
}

/// What the file holds, without the line break at its end.
fn read_secret(setting: &str, path: impl AsRef<Path>) -> Result<String, SettingsError> {
    let text =
        std::fs::read_to_string(path).map_err(|error| SettingsError::SecretFileUnreadable {
            setting: setting.to_owned(),
            reason: error.kind(),
        })?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

/// The items of a list of plain values, separated by commas or line breaks.
fn items(text: &str) -> Value {
    let items = text.split([',', '\n']).map(str::trim);
    let items = items.filter(|item| !item.is_empty());
    Value::Array(items.map(Value::from).collect())
}
