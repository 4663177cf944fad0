//! A message in the app's mode and format, with its signatures.

use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};

use crate::config::{PushConfig, PushFormat, PushMode};
use crate::crypto::push::{AesKey, sign};

/// What is sent: query and body.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Envelope {
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) content_type: &'static str,
    pub(super) body: String,
}

/// What a push is stamped with.
pub(super) struct Stamp {
    pub(super) timestamp: String,
    pub(super) nonce: String,
    pub(super) random: [u8; 16],
}

impl Stamp {
    /// `signature`, `timestamp` and `nonce`, as for the verification of the URL.
    pub(super) fn query(&self, config: &PushConfig) -> Vec<(&'static str, String)> {
        let token = config.token.expose_secret();
        let signature = sign(vec![token, &self.timestamp, &self.nonce]);
        vec![
            ("signature", signature),
            ("timestamp", self.timestamp.clone()),
            ("nonce", self.nonce.clone()),
        ]
    }
}

impl Envelope {
    /// `None` if the EncodingAESKey is none, which the configuration's check has ruled out.
    pub(super) fn seal(
        config: &PushConfig,
        app_id: &str,
        message: &Value,
        stamp: &Stamp,
    ) -> Option<Self> {
        let mut query = stamp.query(config);
        if let Some(openid) = message.get("FromUserName").and_then(Value::as_str) {
            query.push(("openid", openid.to_owned()));
        }
        let fields = match config.mode {
            PushMode::Plain => message.clone(),
            PushMode::Compatible | PushMode::Safe => {
                let encrypt = encrypt(config, app_id, message, stamp)?;
                let token = config.token.expose_secret();
                let parts = vec![token, &stamp.timestamp, &stamp.nonce, &encrypt];
                query.push(("encrypt_type", "aes".to_owned()));
                query.push(("msg_signature", sign(parts)));
                with_encrypt(config.mode, message, &encrypt)
            }
        };
        Some(Self {
            query,
            content_type: match config.format {
                PushFormat::Json => "application/json",
                PushFormat::Xml => "text/xml",
            },
            body: text(config.format, &fields),
        })
    }
}

fn encrypt(config: &PushConfig, app_id: &str, message: &Value, stamp: &Stamp) -> Option<String> {
    let key = AesKey::parse(config.encoding_aes_key.expose_secret())?;
    let text = text(config.format, message);
    key.seal(stamp.random, &text, app_id).ok()
}

/// Safe mode leaves nothing in clear but whom the message is for.
fn with_encrypt(mode: PushMode, message: &Value, encrypt: &str) -> Value {
    let mut fields = match (mode, message) {
        (PushMode::Compatible, Value::Object(fields)) => fields.clone(),
        _ => Map::from_iter([(
            "ToUserName".to_owned(),
            message.get("ToUserName").cloned().unwrap_or(Value::Null),
        )]),
    };
    fields.insert("Encrypt".to_owned(), json!(encrypt));
    Value::Object(fields)
}

fn text(format: PushFormat, message: &Value) -> String {
    match (format, message) {
        (PushFormat::Xml, Value::Object(fields)) => xml(fields),
        _ => message.to_string(),
    }
}

/// XML as WeChat writes it: text in CDATA, numbers bare, objects as elements within elements.
fn xml(fields: &Map<String, Value>) -> String {
    format!("<xml>{}</xml>", elements(fields))
}

fn elements(fields: &Map<String, Value>) -> String {
    let element = |(name, value): (&String, &Value)| match value {
        Value::String(text) => {
            let text = text.replace("]]>", "]]]]><![CDATA[>");
            format!("<{name}><![CDATA[{text}]]></{name}>")
        }
        Value::Object(inner) => format!("<{name}>{}</{name}>", elements(inner)),
        other => format!("<{name}>{other}</{name}>"),
    };
    fields.iter().map(element).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(mode: PushMode, format: PushFormat) -> PushConfig {
        PushConfig {
            url: String::new(),
            token: "AAAAA".into(),
            encoding_aes_key: "A".repeat(43).into(),
            mode,
            format,
        }
    }

    fn stamp() -> Stamp {
        Stamp {
            timestamp: "1714112445".to_owned(),
            nonce: "415670741".to_owned(),
            random: *b"a8eedb185eb2fecf",
        }
    }

    fn seal(mode: PushMode, format: PushFormat) -> Envelope {
        let message = json!({"ToUserName": "gh_1", "FromUserName": "o1", "CreateTime": 5});
        Envelope::seal(&config(mode, format), "wx1", &message, &stamp()).unwrap()
    }

    #[test]
    fn safe_mode_shows_only_whom_the_message_is_for() {
        let sealed = seal(PushMode::Safe, PushFormat::Json);
        let body: Value = serde_json::from_str(&sealed.body).unwrap();
        let names: Vec<_> = body.as_object().unwrap().keys().collect();
        assert_eq!(names, ["Encrypt", "ToUserName"]);
        assert!(
            sealed
                .query
                .iter()
                .any(|(name, _)| *name == "msg_signature")
        );
    }

    #[test]
    fn compatible_mode_shows_both() {
        let body = seal(PushMode::Compatible, PushFormat::Json).body;
        assert!(
            body.contains("Encrypt") && body.contains("CreateTime"),
            "{body}"
        );
    }

    #[test]
    fn an_object_becomes_elements_within_an_element() {
        let goods = json!({"GoodsInfo": {"ProductId": "gems", "Quantity": 1}});
        assert_eq!(
            text(PushFormat::Xml, &goods),
            "<xml><GoodsInfo><ProductId><![CDATA[gems]]></ProductId><Quantity>1</Quantity></GoodsInfo></xml>"
        );
    }

    #[test]
    fn plain_mode_has_no_msg_signature_and_xml_is_flat() {
        let sealed = seal(PushMode::Plain, PushFormat::Xml);
        assert!(
            sealed
                .query
                .iter()
                .all(|(name, _)| *name != "msg_signature")
        );
        assert_eq!(
            sealed.body,
            "<xml><CreateTime>5</CreateTime><FromUserName><![CDATA[o1]]></FromUserName>\
             <ToUserName><![CDATA[gh_1]]></ToUserName></xml>"
        );
    }
}
