//! The keys of an app, as WeChat's console shows and takes them, and the signatures they make and verify.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::{ParsedPublicKey, RSA_PSS_2048_8192_SHA256, RSA_PSS_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, SubjectPublicKeyInfoDer};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::cipher::{self, Cipher};
use crate::error::Fault;

/// The keys of an app and their numbers, from the console's page 开发管理 → API 安全.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiSecurityKeys {
    /// The symmetric key (对称密钥, AES256_GCM): 32 bytes in base64.
    pub symmetric_key: SecretString,
    /// Its number.
    pub symmetric_key_serial: String,
    /// The private key (私钥, RSAwithSHA256), PKCS#8 or PKCS#1 in PEM. Its public half has been
    /// given to WeChat.
    pub private_key: SecretString,
    /// The public half's number.
    pub private_key_serial: String,
    /// The platform certificate (平台证书), or just its public key, in PEM.
    pub platform_certificate: String,
    /// Its number as the console shows it (not the X.509 serial number).
    pub platform_certificate_serial: String,
}

impl ApiSecurityKeys {
    pub(super) fn cipher(&self) -> Result<Cipher, KeyError> {
        let bytes = STANDARD
            .decode(self.symmetric_key.expose_secret().trim())
            .map(Zeroizing::new)
            .map_err(|_| KeyError::Symmetric)?;
        let key = cipher::key(&bytes).ok_or(KeyError::Symmetric)?;
        let serial = self.symmetric_key_serial.clone();
        Ok(Cipher { key, serial })
    }

    pub(super) fn signer(&self) -> Result<Signer, KeyError> {
        let pem = self.private_key.expose_secret().as_bytes();
        let key = match PrivateKeyDer::from_pem_slice(pem) {
            Ok(PrivateKeyDer::Pkcs8(der)) => KeyPair::from_pkcs8(der.secret_pkcs8_der()),
            Ok(PrivateKeyDer::Pkcs1(der)) => KeyPair::from_der(der.secret_pkcs1_der()),
            _ => return Err(KeyError::Private),
        };
        let key = key.map_err(|_| KeyError::Private)?;
        let serial = self.private_key_serial.clone();
        Ok(Signer { key, serial })
    }

    pub(super) fn verifier(&self) -> Result<Verifier, KeyError> {
        let key = public_key(self.platform_certificate.as_bytes())
            .and_then(|key| ParsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, key.as_ref()).ok())
            .ok_or(KeyError::Platform)?;
        let serial = self.platform_certificate_serial.clone();
        Ok(Verifier { key, serial })
    }
}

/// The public key in `pem`, bare or in a certificate.
fn public_key(pem: &[u8]) -> Option<SubjectPublicKeyInfoDer<'static>> {
    SubjectPublicKeyInfoDer::from_pem_slice(pem)
        .ok()
        .or_else(|| {
            let certificate = CertificateDer::from_pem_slice(pem).ok()?;
            let certificate = webpki::EndEntityCert::try_from(&certificate).ok()?;
            Some(certificate.subject_public_key_info())
        })
}

/// RSASSA-PSS with SHA-256 and a salt of 32 bytes (WeChat's RSAwithSHA256).
pub(super) struct Signer {
    key: KeyPair,
    /// The key's number in WeChat's console.
    pub(super) serial: String,
}

impl Signer {
    /// The signature of `text`, in base64.
    pub(super) fn sign(&self, text: &str) -> Result<String, Fault> {
        let (key, random, text) = (&self.key, SystemRandom::new(), text.as_bytes());
        let mut signature = vec![0; key.public_modulus_len()];
        let signed = key.sign(&RSA_PSS_SHA256, &random, text, &mut signature);
        signed.map_err(|_| Fault::NotMade("the private key does not sign"))?;
        Ok(STANDARD.encode(signature))
    }
}

/// WeChat's public key, out of the platform certificate (平台证书).
pub(super) struct Verifier {
    key: ParsedPublicKey,
    serial: String,
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

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("the symmetric key must be 32 bytes in base64 (AES256_GCM)")]
    Symmetric,
    #[error("the private key must be an RSA key of 2048 bits or more in PEM (RSAwithSHA256)")]
    Private,
    #[error("the platform certificate must be an RSA certificate or public key in PEM")]
    Platform,
}
