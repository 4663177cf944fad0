//! The steps of WeRun (微信运动).

use serde::Deserialize;

use crate::lenient;

/// wx.getWeRunData: the steps of the last 31 days, an entry a day
/// (<https://developers.weixin.qq.com/miniprogram/dev/api/open-api/werun/wx.getWeRunData.html>).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct WeRunData {
    /// The days.
    pub step_info_list: Vec<StepInfo>,
}

/// One day of [`WeRunData`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct StepInfo {
    /// The day, as a unix time in seconds.
    #[serde(deserialize_with = "lenient::required_integer")]
    pub timestamp: i64,
    /// Steps on that day.
    #[serde(deserialize_with = "lenient::required_integer")]
    pub step: i64,
}

impl WeRunData {
    pub(super) const FIELDS: &[&str] = &["stepInfoList"];
}
