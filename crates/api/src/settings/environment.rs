//! The environment: `WXLOGIN_` and the path, with `__` between levels.

use std::collections::HashMap;

use config::{Map, Source, Value, ValueKind};
use serde::Deserialize;

use super::file::{items, read_secret, resolve_files};
use super::{FILE_VARIABLE, SettingsError, secrets};

const PREFIX: &str = "WXLOGIN_";

/// The settings that are lists, which come separated by commas.
const LISTS: [&str; 6] = [
    "tokens.audience",
    "server.trusted_proxies",
    "server.cors_allowed_headers",
    "server.cors_allowed_origins",
    "master_key",
    "admin.api_keys",
];

/// The settings that come as a JSON array (`admin.api_keys` may).
const JSON_LISTS: [&str; 2] = ["apps", "admin.api_keys"];

#[derive(Debug, Clone, Default)]
pub(super) struct Environment {
    values: Map<String, Value>,
}

/// Reads the variables, and the files of secrets that `…_FILE` names.
pub(super) fn read(variables: &HashMap<String, String>) -> Result<Environment, SettingsError> {
    let mut environment = Environment::default();
    if let Some(url) = value_of(variables, "DATABASE_URL")? {
        environment.insert("database.url", "DATABASE_URL", url)?;
    }
    environment.insert_single_app(variables)?;
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
            environment.insert(&path.to_ascii_lowercase().replace("__", "."), name, text)?;
        }
    }
    Ok(environment)
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

impl Environment {
    /// `WXLOGIN_APP_ID` and `WXLOGIN_APP_SECRET`, for those who have one app.
    fn insert_single_app(
        &mut self,
        variables: &HashMap<String, String>,
    ) -> Result<(), SettingsError> {
        let id = value_of(variables, "WXLOGIN_APP_ID")?;
        let secret = value_of(variables, "WXLOGIN_APP_SECRET")?;
        let missing = |name: &str, beside: &str| {
            Err(SettingsError::invalid(
                name,
                format!("is missing beside {beside}"),
            ))
        };
        let (id, secret) = match (id, secret) {
            (None, None) => return Ok(()),
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
        let app = Map::from_iter([
            (String::from("app_id"), Value::from(id)),
            (String::from("secret"), Value::from(secret)),
        ]);
        self.values
            .insert(String::from("apps"), Value::from(vec![Value::from(app)]));
        Ok(())
    }

    fn insert(&mut self, path: &str, variable: &str, text: String) -> Result<(), SettingsError> {
        let is_json = JSON_LISTS.contains(&path) && text.trim_start().starts_with('[');
        let value = if is_json {
            json_list(&text, variable)?
        } else if LISTS.contains(&path) {
            let items: Vec<Value> = items(&text).map(Value::from).collect();
            if items.is_empty() {
                let name = format!("{variable} ({path})");
                return Err(SettingsError::invalid(name, "holds no item"));
            }
            Value::from(items)
        } else if path == "apps" {
            return Err(SettingsError::invalid(
                variable,
                "expected a JSON array of objects with app_id and secret",
            ));
        } else {
            Value::from(text)
        };
        let mut levels: Vec<&str> = path.split('.').collect();
        let Some(last) = levels.pop() else {
            return Ok(());
        };
        let mut table = &mut self.values;
        for level in levels {
            let inner = table
                .entry(level.to_owned())
                .or_insert_with(|| Value::from(Map::<String, Value>::new()));
            let ValueKind::Table(inner) = &mut inner.kind else {
                return Err(SettingsError::Unknown {
                    setting: variable.to_owned(),
                });
            };
            table = inner;
        }
        table.insert(last.to_owned(), value);
        Ok(())
    }
}

/// A JSON array, with the files of secrets that its objects name.
fn json_list(text: &str, variable: &str) -> Result<Value, SettingsError> {
    const LIST: &str = "list";
    let not_json =
        || SettingsError::invalid(variable, "expected a JSON array, and this is not one");
    let list: toml::Value = serde_json::from_str(text).map_err(|_| not_json())?;
    let mut holder = toml::Table::from_iter([(LIST.to_owned(), list)]);
    resolve_files(&mut holder)?;
    let list = holder.remove(LIST).ok_or_else(not_json)?;
    Value::deserialize(list).map_err(|_| not_json())
}

impl Source for Environment {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, config::ConfigError> {
        Ok(self.values.clone())
    }
}
