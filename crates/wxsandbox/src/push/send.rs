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
        let stamp = stamp(world);
        let attempt = match Envelope::seal(config, app_id, message, &stamp) {
            Some(envelope) => post(world, config, &envelope).await,
            None => failed("the message cannot be encrypted".to_owned()),
        };
        attempts.push(attempt);
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

async fn post(world: &World, config: &PushConfig, envelope: &Envelope) -> Attempt {
    let request = outbound::client().map(|client| {
        client
            .post(&config.url)
            .query(&envelope.query)
            .header("Content-Type", envelope.content_type)
            .body(envelope.body.clone())
    });
    attempt(world, request, |answer| is_success(config, answer)).await
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

const fn failed(answer: String) -> Attempt {
    Attempt {
        status: None,
        answer,
        accepted: false,
    }
}

/// `success`, nothing, or a reply that is encrypted and signed.
fn is_success(config: &PushConfig, answer: &str) -> bool {
    matches!(answer.trim(), "" | "success") || is_sealed_reply(config, answer).unwrap_or(false)
}

fn is_sealed_reply(config: &PushConfig, answer: &str) -> Option<bool> {
    let reply: Value = serde_json::from_str(answer).ok()?;
    let encrypt = reply.get("Encrypt")?.as_str()?;
    let timestamp = reply.get("TimeStamp")?.as_i64()?.to_string();
    let nonce = reply.get("Nonce")?.as_str()?;
    let signature = reply.get("MsgSignature")?.as_str()?;
    let token = config.token.expose_secret();
    let key = AesKey::parse(config.encoding_aes_key.expose_secret())?;
    let signed = sign(vec![token, &timestamp, nonce, encrypt]) == signature;
    Some(signed && key.open(encrypt).is_ok())
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
        assert!(is_success(&config, "success") && is_success(&config, ""));
        assert!(!is_success(&config, "{\"code\":200}"));
    }
}
