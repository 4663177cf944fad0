//! Reading fields whose type WeChat changes: numbers as text, text as numbers, `null` for absent.
//!
//! For `#[serde(deserialize_with)]`. The functions that give an `Option` take every value and
//! turn what they cannot use into `None`; the `required_` ones refuse it.

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Text, or a number as text.
pub(crate) fn text<'de, D: Deserializer<'de>>(input: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(input)? {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

/// As [`text`], and the empty text is none.
pub(crate) fn filled_text<'de, D: Deserializer<'de>>(input: D) -> Result<Option<String>, D::Error> {
    Ok(text(input)?.filter(|text| !text.is_empty()))
}

/// As [`filled_text`], and must be there.
pub(crate) fn required_text<'de, D: Deserializer<'de>>(input: D) -> Result<String, D::Error> {
    filled_text(input)?.ok_or_else(|| D::Error::custom("not a text"))
}

/// A whole number, or one as text.
pub(crate) fn integer<'de, D: Deserializer<'de>>(input: D) -> Result<Option<i64>, D::Error> {
    Ok(match Value::deserialize(input)? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    })
}

/// As [`integer`], and must be there.
pub(crate) fn required_integer<'de, D: Deserializer<'de>>(input: D) -> Result<i64, D::Error> {
    integer(input)?.ok_or_else(|| D::Error::custom("not a whole number"))
}

/// `true`, `1` or one of them as text. Everything else is `false`.
pub(crate) fn flag<'de, D: Deserializer<'de>>(input: D) -> Result<bool, D::Error> {
    Ok(match Value::deserialize(input)? {
        Value::Bool(flag) => flag,
        Value::Number(number) => number.as_i64() == Some(1),
        Value::String(text) => text == "true" || text == "1",
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct All {
        #[serde(default, deserialize_with = "text")]
        text: Option<String>,
        #[serde(default, deserialize_with = "integer")]
        integer: Option<i64>,
        #[serde(default, deserialize_with = "flag")]
        flag: bool,
    }

    fn all(value: &str) -> (Option<String>, Option<i64>, bool) {
        let json = format!(r#"{{"text":{value},"integer":{value},"flag":{value}}}"#);
        let all: All = serde_json::from_str(&json).unwrap();
        (all.text, all.integer, all.flag)
    }

    #[test]
    fn a_number_as_text_and_a_text_as_number_are_read() {
        assert_eq!(all("86"), (Some("86".to_owned()), Some(86), false));
        assert_eq!(all(r#""86""#), (Some("86".to_owned()), Some(86), false));
        assert_eq!(all("1"), (Some("1".to_owned()), Some(1), true));
        assert_eq!(all("true"), (None, None, true));
    }

    #[test]
    fn what_cannot_be_used_is_as_absent_and_never_an_error() {
        for value in ["null", "[]", r#"{"a":1}"#, "false"] {
            assert_eq!(all(value), (None, None, false), "{value}");
        }
        assert_eq!(all("1.5").1, None);
    }
}
