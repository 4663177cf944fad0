//! A pushed message, whether it came as JSON or as XML: flat, names to texts.

use std::collections::HashMap;

use serde_json::{Map, Value};
use wxcrypto::mend;

use super::xml;

/// How a message is written. An answer that is more than a word is written in the same way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Json,
    Xml,
}

impl Format {
    /// WeChat's Content-Type says little, so the first character decides.
    pub(super) fn of(text: &[u8]) -> Self {
        let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
        match text.trim_ascii_start() {
            [b'<', ..] => Self::Xml,
            _ => Self::Json,
        }
    }
}

/// The fields of a message. WeChat's own samples spell their names with stray spaces and in
/// several cases, so they are compared without either.
pub(super) struct Fields(HashMap<String, String>);

/// The one field that may have several values (§11.3 of the platform's documents: codes).
const LIST: &str = "revokeinfo";

impl Fields {
    /// Reads a message. Bytes that are no UTF-8 and control characters, which names of users hold,
    /// do not keep the other fields from being read. `None` if it is neither a JSON object nor XML.
    pub(super) fn parse(message: &[u8]) -> Option<Self> {
        let pairs = match Format::of(message) {
            Format::Xml => {
                xml::elements(mend::text(message).trim_start_matches('\u{feff}').trim())?
            }
            Format::Json => members(mend::json(message).trim())?,
        };
        let mut fields: HashMap<String, String> = HashMap::new();
        for (name, value) in pairs {
            let name = name.trim().to_ascii_lowercase();
            let value = value.trim();
            match fields.get_mut(&name) {
                Some(list) if name == LIST => {
                    list.push(',');
                    list.push_str(value);
                }
                Some(_first) => {}
                None => {
                    fields.insert(name, value.to_owned());
                }
            }
        }
        Some(Self(fields))
    }

    /// The field of this name, which is given in lower case. An empty one is as absent.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// The event's name in lower case; empty if the message is none.
    pub(super) fn event(&self) -> String {
        self.get("event").unwrap_or_default().to_ascii_lowercase()
    }
}

/// The texts, numbers and lists of a JSON object.
fn members(text: &str) -> Option<Vec<(String, String)>> {
    let object: Map<String, Value> = serde_json::from_str(text).ok()?;
    let texts = object
        .into_iter()
        .filter_map(|(name, value)| Some((name, flat(&value)?)));
    Some(texts.collect())
}

/// A list becomes its items, separated by commas.
fn flat(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().filter_map(flat).collect();
            Some(items.join(","))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_without_spaces_and_case() {
        for message in [
            r#"{"ToUserName":"gh_1"," OpenID":"o1","RevokeInfo":8,"more":{"a":[]}}"#,
            "\u{feff}{\"openid\":\" o1 \",\"revokeinfo\":\"8\"}",
            "<xml><OpenID><![CDATA[o1]]></OpenID><RevokeInfo>8</RevokeInfo></xml>",
            "\u{feff} <xml><OpenID>o1</OpenID><RevokeInfo> 8 </RevokeInfo></xml>",
        ] {
            let fields = Fields::parse(message.as_bytes()).unwrap();
            assert_eq!(fields.get("openid"), Some("o1"), "{message}");
            assert_eq!(fields.get("revokeinfo"), Some("8"), "{message}");
        }
    }

    #[test]
    fn a_list_has_commas_between_its_items() {
        for message in [
            r#"{"RevokeInfo":[6,8]}"#,
            r#"{"RevokeInfo":["6","8"]}"#,
            "<xml><RevokeInfo>6</RevokeInfo><RevokeInfo>8</RevokeInfo></xml>",
        ] {
            let fields = Fields::parse(message.as_bytes()).unwrap();
            assert_eq!(fields.get("revokeinfo"), Some("6,8"), "{message}");
        }
    }

    #[test]
    fn what_a_name_holds_costs_no_other_field() {
        for message in [
            &b"{\"NickName\":\"a\xffb\x07\",\"OpenID\":\"o1\"}"[..],
            b"{\"NickName\":\"a\\ud83d\",\"OpenID\":\"o1\"}",
            b"<xml><NickName>a\xffb\x07</NickName><OpenID>o1</OpenID></xml>",
            b"<xml><NickName>&#xD83D;&#0;&#7;</NickName><OpenID>o1</OpenID></xml>",
        ] {
            let fields = Fields::parse(message).unwrap();
            assert_eq!(
                fields.get("openid"),
                Some("o1"),
                "{}",
                message.escape_ascii()
            );
        }
    }

    #[test]
    fn what_is_no_message_is_refused() {
        for message in ["", "success", "[]", "5", "{", "<", "<xml>", "<xml></yml>"] {
            assert!(Fields::parse(message.as_bytes()).is_none(), "{message}");
        }
    }
}
