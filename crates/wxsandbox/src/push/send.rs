//! Sends a message until it is answered, and verifies the developer's URL.

use std::sync::Arc;
use std::time::Duration;

use reqwest::RequestBuilder;
use secrecy::ExposeSecret;
use serde::Serialize;
use serde_json::Value;

use super::envelope::{Envelope, Stamp};
use crate::config::PushConfig;
use crate::crypto::push::{AesKey, sign};
use crate::outbound::{self, OutboundError};
use crate::state::World;

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Delivery {
    /// Whether the developer's server answered as it must.
    pub delivered: bool,
    /// Every try, the first one first.
    pub attempts: Vec<Attempt>,
}

/// One try.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attempt {
    /// The HTTP status; absent if there was no answer in time.
    pub status: Option<u16>,
    /// The body, or what went wrong.
    pub answer: String,
    /// Whether this is the answer WeChat wants.
    pub accepted: bool,
}

/// Pushes a message; it is repeated until it is answered, as often as the policy says.
pub(crate) async fn deliver(
    world: &World,
    config: &PushConfig,
    app_id: &Arc<str>,
    message: &Value,
) -> Delivery {
    let policy = world.policy();
    let mut attempts = Vec::new();
    for _ in 0..policy.push_tries.max(1) {
        let accept = |answer: &str| is_success(config, answer);
        attempts.push(attempt_message(world, config, app_id, message, accept).await);
        if attempts.last().is_some_and(|attempt| attempt.accepted) {
            break;
        }
    }
    Delivery {
        delivered: attempts.last().is_some_and(|attempt| attempt.accepted),
        attempts,
    }
}

/// The console's check of the URL: a signed GET whose `echostr` must come back as it is.
pub(crate) async fn verify(world: &World, config: &PushConfig) -> Attempt {
    let stamp = stamp(world);
    let echostr = world.dice.digits(19);
    let mut query = stamp.query(config);
    query.push(("echostr", echostr.clone()));
    let request = outbound::client().map(|client| client.get(&config.url).query(&query));
    attempt(world, request, |answer| answer == echostr).await
}

/// Sends a message once.
pub(super) async fn attempt_message(
    world: &World,
    config: &PushConfig,
    app_id: &str,
    message: &Value,
    accept: impl FnOnce(&str) -> bool,
) -> Attempt {
    let Some(envelope) = Envelope::seal(config, app_id, message, &stamp(world)) else {
        return failed("the message cannot be encrypted".to_owned());
    };
    let request = outbound::client().map(|client| {
        client
            .post(&config.url)
            .query(&envelope.query)
            .header("Content-Type", envelope.content_type)
            .body(envelope.body)
    });
    attempt(world, request, accept).await
}

/// The platform waits so long, then hangs up.
async fn attempt(
    world: &World,
    request: Result<RequestBuilder, OutboundError>,
    accept: impl FnOnce(&str) -> bool,
) -> Attempt {
    let timeout = Duration::from_millis(world.policy().push_timeout_ms);
    let answer = match request {
        Ok(request) => outbound::text_of(world.allow_remote, request.timeout(timeout)).await,
        Err(error) => Err(error),
    };
    match answer {
        Ok((status, answer)) => Attempt {
            accepted: status == 200 && accept(&answer),
            status: Some(status),
            answer,
        },
        Err(error) => failed(error.to_string()),
    }
}

pub(super) const fn failed(answer: String) -> Attempt {
    Attempt {
        status: None,
        answer,
        accepted: false,
    }
}

/// `success`, nothing, or a reply that is encrypted and signed.
fn is_success(config: &PushConfig, answer: &str) -> bool {
    matches!(answer.trim(), "" | "success") || open_reply(config, answer).is_some()
}

/// What is in a reply that is encrypted and signed.
pub(super) fn open_reply(config: &PushConfig, answer: &str) -> Option<String> {
    let encrypt = field(answer, "Encrypt")?;
    let (timestamp, nonce) = (field(answer, "TimeStamp")?, field(answer, "Nonce")?);
    let token = config.token.expose_secret();
    let signature = sign(vec![token, &timestamp, &nonce, &encrypt]);
    if field(answer, "MsgSignature")? != signature {
        return None;
    }
    let key = AesKey::parse(config.encoding_aes_key.expose_secret())?;
    key.open(&encrypt).ok().map(|(message, _)| message)
}

/// A text or number in an answer of JSON or of flat XML.
pub(super) fn field(answer: &str, name: &str) -> Option<String> {
    if let Ok(json) = serde_json::from_str::<Value>(answer) {
        return match json.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
    }
    let (_, rest) = answer.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    let bare = text
        .strip_prefix("<![CDATA[")
        .and_then(|text| text.strip_suffix("]]>"));
    Some(bare.unwrap_or(text).to_owned())
}

fn stamp(world: &World) -> Stamp {
    Stamp {
        timestamp: world.now().unix_seconds().to_string(),
        nonce: world.dice.digits(9),
        random: world.dice.bytes(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{PushFormat, PushMode};

    #[test]
    fn the_published_encrypted_reply_is_taken_and_a_forged_one_is_not() {
        let config = PushConfig {
            url: String::new(),
            token: "AAAAA".into(),
            encoding_aes_key: "A".repeat(43).into(),
            mode: PushMode::Safe,
            format: PushFormat::Json,
        };
        let reply = r#"{"Encrypt":"ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ==","MsgSignature":"1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1","TimeStamp":1713424427,"Nonce":"415670741"}"#;
        assert!(is_success(&config, reply));
        assert!(!is_success(&config, &reply.replace("1b93", "1b94")));
        let part = |name| {
            let value = field(reply, name).unwrap();
            format!("<{name}><![CDATA[{value}]]></{name}>")
        };
        let parts = ["Encrypt", "MsgSignature", "TimeStamp", "Nonce"].map(part);
        let xml = format!("<xml>{}</xml>", parts.concat());
        assert_eq!(open_reply(&config, &xml), open_reply(&config, reply));
        assert!(is_success(&config, &xml));
        assert!(is_success(&config, "success") && is_success(&config, ""));
        assert!(!is_success(&config, "{\"code\":200}"));
    }
}
