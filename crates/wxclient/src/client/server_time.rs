//! The clock of WeChat's servers.

use domain::time::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::DATE;
use tokio::time::timeout_at;

use super::WechatClient;
use crate::api::Api;
use crate::error::{Fault, WechatError};

impl WechatClient {
    /// WeChat's clock, to the second, by the `Date` header (RFC 9110, section 6.6.1) of an answer;
    /// `None` if the answer has none. Nothing secret is sent, and any answer will do.
    pub async fn server_time(&self) -> Result<Option<Timestamp>, WechatError> {
        let url = self.shared.urls.of(Api::Code2Session).clone();
        let answer = timeout_at(self.deadline(), self.shared.http.get(url).send()).await;
        let answer = answer
            .map_err(|_| Fault::Timeout)
            .and_then(|answer| answer.map_err(Fault::of_sending))
            .map_err(|fault| WechatError::new(Api::Code2Session, fault))?;
        let date = answer
            .headers()
            .get(DATE)
            .and_then(|date| date.to_str().ok());
        Ok(date.and_then(|date| DateTimeParser::new().parse_timestamp(date).ok()))
    }
}
