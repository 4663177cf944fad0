//! The requirements on secrets and API keys.

use super::{ApiKey, SettingsError};

/// The shortest API key, characters: 16 of 62 letters and digits are 95 bits.
const MIN_LENGTH: usize = 16;

/// What the audit log calls those who need no key.
const TAKEN_NAMES: [&str; 3] = ["user", "wechat", "operator"];

const BYTE_ORDER_MARK: char = '\u{feff}';
const QUOTES: [char; 3] = ['"', '\'', '`'];

/// Why `text` cannot be a secret, if it cannot: traces of editors, shells and spreadsheets. The issuers
/// (WeChat, or a generator of random text) use printable ASCII without spaces.
pub(super) fn problem(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        return Some("must not be empty");
    }
    if text.contains(BYTE_ORDER_MARK) {
        return Some("begins with a byte order mark; save the file as UTF-8 without one");
    }
    if text.contains(['\n', '\r']) {
        return Some("has more than one line, perhaps a blank first one; give the value alone");
    }
    if text.contains(char::is_whitespace) {
        return Some("has a space in it or around it; give the value alone");
    }
    if text.starts_with(QUOTES) || text.ends_with(QUOTES) {
        return Some("stands in quotes; give the value without them");
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Some("has a character that is no letter, digit or ASCII sign");
    }
    None
}

/// Refuses keys that could be guessed, and keys or names that could be taken for another's.
pub(super) fn check_api_keys(keys: &[ApiKey]) -> Result<(), SettingsError> {
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
    if let Some(problem) = problem(text) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("", "empty")]
    #[case("\u{feff}a1b2", "byte order mark")]
    #[case("\na1b2", "line")]
    #[case("\r\na1b2", "line")]
    #[case("a1\nb2", "line")]
    #[case(" a1b2", "space")]
    #[case("a1b2 ", "space")]
    #[case("a1b2\t", "space")]
    #[case("a1\u{a0}b2", "space")]
    #[case("\"a1b2\"", "quotes")]
    #[case("'a1b2'", "quotes")]
    #[case("“a1b2”", "character")]
    #[case("a1\0b2", "character")]
    #[case("密钥", "character")]
    fn what_cannot_be_a_secret_is_told_apart(#[case] text: &str, #[case] said: &str) {
        let problem = problem(text).unwrap();
        assert!(problem.contains(said), "{problem}");
    }

    #[test]
    fn a_secret_is_one() {
        for text in ["a1b2", "wx-Secret_1+/=", "s"] {
            assert_eq!(problem(text), None, "{text}");
        }
    }
}
