//! The signature of Standard Webhooks: HMAC-SHA256 over id, timestamp and body.
//!
//! By hand, because the `sign` of the crate `standardwebhooks` 1.0.1 refuses a body that is not
//! UTF-8, and WeChat's messages may be.

use aws_lc_rs::hmac;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{Engine, alphabet};

/// The least length of a secret, bytes.
const LEAST: usize = 16;

/// Some tools leave the padding out.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A secret that target and relay share: `whsec_` and base64.
pub(crate) struct WebhookSecret(hmac::Key);

impl WebhookSecret {
    /// `None` if it is not base64 of 16 bytes or more. `whsec_` may be left out.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix("whsec_").unwrap_or(text);
        let bytes = LENIENT.decode(text).ok()?;
        (bytes.len() >= LEAST).then(|| Self(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
    }

    pub(super) fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(format!("{id}.{timestamp}.").as_bytes());
        context.update(body);
        format!("v1,{}", STANDARD.encode(context.sign()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_vector_holds() {
        let secret = WebhookSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature = secret.sign(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            br#"{"test": 2432232314}"#,
        );
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_secret_is_base64_of_enough_bytes() {
        let padded = format!("whsec_{}", STANDARD.encode([7; 32]));
        assert!(WebhookSecret::parse(&padded).is_some());
        assert!(WebhookSecret::parse(padded.trim_end_matches('=')).is_some());
        assert!(WebhookSecret::parse(&STANDARD.encode([7; 24])).is_some());
        for text in [
            "",
            "whsec_",
            "whsec_c2hvcnQ=",
            "whsec_%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%",
        ] {
            assert!(WebhookSecret::parse(text).is_none(), "{text}");
        }
    }
}
