//! The requirements on API keys.

use super::{ApiKey, SettingsError, secret_text};

/// The shortest key, characters: 16 of 62 letters and digits are 95 bits.
const MIN_LENGTH: usize = 16;

/// What the audit log calls those who need no key.
const TAKEN_NAMES: [&str; 3] = ["user", "wechat", "operator"];

/// Refuses keys that could be guessed, and keys or names that could be taken for another's.
pub(super) fn check(keys: &[ApiKey]) -> Result<(), SettingsError> {
    for (index, key) in keys.iter().enumerate() {
        let place = format!("admin.api_keys[{index}]");
        let before = keys.iter().take(index);
        if let Some(problem) = key_problem(key, before) {
            let place = match key.name {
                Some(_) => format!("{place}.key"),
                None => place,
            };
            return Err(SettingsError::invalid(place, problem));
        }
        if let Some(problem) = name_problem(&key.shown_name(index), keys, index) {
            return Err(SettingsError::invalid(format!("{place}.name"), problem));
        }
    }
    Ok(())
}

fn key_problem<'a>(
    key: &ApiKey,
    mut before: impl Iterator<Item = &'a ApiKey>,
) -> Option<&'static str> {
    let text = key.key.expose();
    let mut rest = text.bytes().skip(1);
    if let Some(problem) = secret_text::problem(text) {
        Some(problem)
    } else if text.len() < MIN_LENGTH {
        Some(
            "must have at least 16 characters; take for example the output of `openssl rand -hex 32`",
        )
    } else if rest.all(|byte| text.bytes().next() == Some(byte)) {
        Some(
            "is one character again and again; take for example the output of `openssl rand -hex 32`",
        )
    } else if before.any(|other| other.key.expose() == text) {
        Some("is the same as a key further up; give everybody a key of their own")
    } else {
        None
    }
}

fn name_problem(name: &str, keys: &[ApiKey], index: usize) -> Option<&'static str> {
    let is_alike = |other: &str| other.eq_ignore_ascii_case(name);
    let mut before = keys.iter().take(index).enumerate();
    if name.trim().is_empty() {
        Some("must not be empty")
    } else if name.trim() != name || name.chars().any(char::is_control) {
        Some("has white space around it or a control character in it")
    } else if TAKEN_NAMES.into_iter().any(is_alike) {
        Some("is a name the audit log uses itself (user, wechat, operator); take another")
    } else if before.any(|(index, key)| is_alike(&key.shown_name(index))) {
        Some(
            "is the name of a key further up (a key without a name is called key-1, key-2 … by its place)",
        )
    } else {
        None
    }
}
