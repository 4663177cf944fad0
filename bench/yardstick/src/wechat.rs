//! Asks WeChat who a code stands for
//! (https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/user-login/code2Session.html).

use std::time::Duration;

use serde::Deserialize;

pub(crate) struct WeChat {
    client: reqwest::Client,
    url: String,
    app_id: String,
    app_secret: String,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    errcode: i64,
    openid: Option<String>,
    session_key: Option<String>,
    unionid: Option<String>,
}

/// Who the code stands for.
pub(crate) struct Person {
    pub(crate) open_id: String,
    pub(crate) session_key: String,
    pub(crate) union_id: Option<String>,
}

pub(crate) enum WeChatError {
    /// The errcode WeChat refused the code with.
    Refused(i64),
    NoAnswer(reqwest::Error),
    Incomplete,
}

impl WeChat {
    pub(crate) fn new(
        base_url: &str,
        app_id: String,
        app_secret: String,
    ) -> anyhow::Result<WeChat> {
        let client = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(2))
            .timeout(Duration::from_secs(5))
            .build()?;
        let url = format!("{}/sns/jscode2session", base_url.trim_end_matches('/'));
        Ok(WeChat {
            client,
            url,
            app_id,
            app_secret,
        })
    }

    pub(crate) fn app_id(&self) -> &str {
        &self.app_id
    }

    pub(crate) async fn exchange(&self, code: &str) -> Result<Person, WeChatError> {
        let answer: Answer = self
            .client
            .get(&self.url)
            .query(&[
                ("appid", self.app_id.as_str()),
                ("secret", &self.app_secret),
                ("js_code", code),
                ("grant_type", "authorization_code"),
            ])
            .send()
            .await?
            .error_for_status()?
            .json()
            .await?;
        match answer {
            Answer { errcode, .. } if errcode != 0 => Err(WeChatError::Refused(errcode)),
            Answer {
                openid: Some(open_id),
                session_key: Some(session_key),
                unionid: union_id,
                ..
            } => Ok(Person {
                open_id,
                session_key,
                union_id,
            }),
            _ => Err(WeChatError::Incomplete),
        }
    }
}

impl From<reqwest::Error> for WeChatError {
    fn from(error: reqwest::Error) -> WeChatError {
        // The URL carries the AppSecret.
        WeChatError::NoAnswer(error.without_url())
    }
}
