//! The kinds of open data, each as WeChat's documents show it.
//!
//! Every type takes fields it does not know, numbers for text and text for numbers. What is
//! missing, or of another type than documented, is `None` where the field is optional; where it
//! is not, the payload is [`Payload::Other`]. So a shape that WeChat changes tomorrow still opens.

mod group;
mod invoice;
mod phone_number;
mod user_info;
mod we_run_data;

pub use group::{ChatToolInfo, GroupEnterInfo, ShareInfo};
pub use invoice::{Invoice, InvoiceTitle};
pub use phone_number::PhoneNumber;
pub use user_info::UserInfo;
pub use we_run_data::{StepInfo, WeRunData};

use serde::de::DeserializeOwned;

use crate::json::Object;

/// A decrypted payload by its kind. A payload does not name its kind; its fields determine it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Payload {
    /// wx.getUserInfo and wx.getUserProfile.
    UserInfo(UserInfo),
    /// The getPhoneNumber button.
    PhoneNumber(PhoneNumber),
    /// wx.getShareInfo.
    ShareInfo(ShareInfo),
    /// wx.getGroupEnterInfo.
    GroupEnterInfo(GroupEnterInfo),
    /// wx.getChatToolInfo.
    ChatToolInfo(ChatToolInfo),
    /// wx.getWeRunData.
    WeRunData(WeRunData),
    /// A kind that this crate does not know, or a known one without the field that matters.
    /// [`OpenData::json`](crate::OpenData::json) has all of it.
    Other,
}

impl Payload {
    /// Reads `json`, of which `object` is the outermost level.
    pub(crate) fn read(json: &str, object: &Object<'_>) -> Self {
        let payload = if object.has_any(PhoneNumber::FIELDS) {
            read(json).map(Self::PhoneNumber)
        } else if object.has_any(ShareInfo::FIELDS) {
            read(json).map(Self::ShareInfo)
        } else if object.has_any(ChatToolInfo::FIELDS) {
            read(json).map(Self::ChatToolInfo)
        } else if object.has_any(GroupEnterInfo::FIELDS) {
            read(json).map(Self::GroupEnterInfo)
        } else if object.has_any(WeRunData::FIELDS) {
            read(json).map(Self::WeRunData)
        } else if object.has_any(UserInfo::FIELDS) {
            read(json).map(Self::UserInfo)
        } else {
            None
        };
        payload.unwrap_or(Self::Other)
    }
}

fn read<T: DeserializeOwned>(json: &str) -> Option<T> {
    serde_json::from_str(json).ok()
}
