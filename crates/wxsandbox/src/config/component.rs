//! A third-party platform: a component that acts for apps which have authorised it
//! (<https://developers.weixin.qq.com/doc/oplatform/openApi/OpenApiDoc/miniprogram-management/login/thirdpartyCode2Session.html>).

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::secret;

/// A third-party platform.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComponentConfig {
    /// `wx` and 16 lower-case hex digits.
    pub component_app_id: String,
    /// 32 lower-case hex digits.
    #[serde(serialize_with = "secret::expose")]
    pub secret: SecretString,
    /// The appids of the apps that have authorised it.
    #[serde(default)]
    pub authorized: Vec<String>,
}
