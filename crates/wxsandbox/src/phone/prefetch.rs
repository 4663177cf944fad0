//! Data pre-fetch: WeChat asks the developer's URL for data before the app is open
//! (<https://developers.weixin.qq.com/miniprogram/dev/framework/ability/pre-fetch.html>).

use serde::{Deserialize, Serialize};

use super::{Phone, PhoneError};
use crate::outbound;

/// The app's page that will be opened.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Destination {
    /// The page.
    pub path: String,
    /// Its query.
    pub query: String,
    /// Where the user comes from.
    pub scene: u32,
}

/// What the developer's server had to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Prefetched {
    /// The code that was sent along.
    pub code: String,
    /// The HTTP status; absent if there was no answer.
    pub status: Option<u16>,
    /// The body.
    pub body: String,
}

impl Default for Destination {
    fn default() -> Self {
        Self {
            path: "pages/index/index".to_owned(),
            query: String::new(),
            scene: 1001,
        }
    }
}

impl Phone {
    /// The user is about to open the app: its backend is asked for data, and gets a code.
    ///
    /// # Errors
    /// [`PhoneError::NoPrefetchUrl`] if the app has none.
    pub async fn prefetch(&self, to: &Destination) -> Result<Prefetched, PhoneError> {
        let url = self.app.config.prefetch_url.as_ref();
        let url = url.ok_or_else(|| PhoneError::NoPrefetchUrl(self.app.id.to_string()))?;
        let code = self.prefetch_code();
        let query = [
            ("appid", self.app.id.to_string()),
            ("code", code.clone()),
            ("timestamp", self.world.now().unix_seconds().to_string()),
            ("path", to.path.clone()),
            ("query", to.query.clone()),
            ("scene", to.scene.to_string()),
            ("customMiniprogramVersion", "1.0.0".to_owned()),
        ];
        let answer = match outbound::client() {
            Ok(client) => {
                let request = client.get(url).query(&query);
                outbound::text_of(self.world.allow_remote, request).await
            }
            Err(error) => Err(error),
        };
        Ok(match answer {
            Ok((status, body)) => Prefetched {
                code,
                status: Some(status),
                body,
            },
            Err(error) => Prefetched {
                code,
                status: None,
                body: error.to_string(),
            },
        })
    }
}
