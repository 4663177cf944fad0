//! RSASSA-PSS with SHA-256 and a salt of 32 bytes (WeChat's RSAwithSHA256).

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::{ParsedPublicKey, RSA_PSS_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::error::Fault;

pub(super) struct Signer {
    pub(super) key: KeyPair,
    /// The key's number in WeChat's console.
    pub(super) serial: String,
}

impl Signer {
    /// The signature of `text`, in base64.
    pub(super) fn sign(&self, text: &str) -> Result<String, Fault> {
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key
            .sign(
                &RSA_PSS_SHA256,
                &SystemRandom::new(),
                text.as_bytes(),
                &mut signature,
            )
            .map_err(|_| Fault::NotMade("the private key does not sign"))?;
        Ok(STANDARD.encode(signature))
    }
}

/// WeChat's public key, out of the platform certificate (平台证书).
pub(super) struct Verifier {
    pub(super) key: ParsedPublicKey,
    pub(super) serial: String,
}

impl Verifier {
    /// Verifies the signature of `text` among an answer's headers. While WeChat changes its
    /// certificate, an answer is signed with both.
    pub(super) fn verify<'h>(
        &self,
        text: &str,
        header: impl Fn(&str) -> Option<&'h str>,
    ) -> Result<(), Fault> {
        let ours = Some(self.serial.as_str());
        let signature = if header("wechatmp-serial") == ours {
            header("wechatmp-signature")
        } else if header("wechatmp-serial-deprecated") == ours {
            tracing::warn!("WeChat is changing its platform certificate: configure the new one");
            header("wechatmp-signature-deprecated")
        } else {
            return Err(Fault::Malformed(
                "signed with another platform certificate than the configured one",
            ));
        };
        signature
            .and_then(|signature| STANDARD.decode(signature).ok())
            .and_then(|signature| self.key.verify_sig(text.as_bytes(), &signature).ok())
            .ok_or(Fault::Malformed("its signature does not hold"))
    }
}
