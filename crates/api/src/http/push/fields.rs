//! A pushed message, whether it came as JSON or as XML: flat, names to texts.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::xml;

/// The fields of a message. WeChat's own samples spell their names with stray spaces and in
/// several cases, so they are compared without either.
pub(super) struct Fields(HashMap<String, String>);

impl Fields {
    /// Reads a message. WeChat's Content-Type says little, so the first character decides.
    pub(super) fn parse(message: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(message).ok()?;
        let text = text.trim_start_matches('\u{feff}').trim();
        let pairs = if text.starts_with('<') {
            xml::elements(text)?
        } else {
            members(text)?
        };
        let mut fields = HashMap::new();
        for (name, value) in pairs {
            fields
                .entry(name.trim().to_ascii_lowercase())
                .or_insert_with(|| value.trim().to_owned());
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
}

/// The texts and numbers of a JSON object.
fn members(text: &str) -> Option<Vec<(String, String)>> {
    let object: Map<String, Value> = serde_json::from_str(text).ok()?;
    let texts = object.into_iter().filter_map(|(name, value)| match value {
        Value::String(text) => Some((name, text)),
        Value::Number(number) => Some((name, number.to_string())),
        _ => None,
    });
    Some(texts.collect())
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
        ] {
            let fields = Fields::parse(message.as_bytes()).unwrap();
            assert_eq!(fields.get("openid"), Some("o1"), "{message}");
            assert_eq!(fields.get("revokeinfo"), Some("8"), "{message}");
        }
    }

    #[test]
    fn what_is_no_message_is_refused() {
        for message in ["", "success", "[]", "5", "{", "<", "<xml>", "<xml></yml>"] {
            assert!(Fields::parse(message.as_bytes()).is_none(), "{message}");
        }
        assert!(Fields::parse(b"{\"a\":\"\xff\"}").is_none());
    }
}
