//! Signing and encryption of API calls, as the console configures them
//! (<https://developers.weixin.qq.com/miniprogram/dev/server/getting_started/api_signature.html>).

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::secret;

/// The keys of an app that signs and encrypts its calls: AES-256-GCM and RSA-PSS with SHA-256.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiSecurityConfig {
    /// Whether calls in clear are refused.
    #[serde(default)]
    pub required: bool,
    /// Number of the symmetric key.
    pub aes_sn: String,
    /// The symmetric key: 32 bytes in base64.
    #[serde(serialize_with = "secret::expose")]
    pub aes_key: SecretString,
    /// The developer's RSA public key in PEM (`BEGIN PUBLIC KEY`).
    pub public_key_pem: String,
    /// Number of the platform's certificate, sent back in `Wechatmp-Serial`.
    pub certificate_sn: String,
}
