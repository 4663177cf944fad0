//! The chat a mini program was shared to, opened from or runs in.

use serde::Deserialize;

use crate::lenient;

/// wx.getShareInfo: the group a card was shared to
/// (<https://developers.weixin.qq.com/miniprogram/dev/api/share/wx.getShareInfo.html>).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct ShareInfo {
    /// The group as this app sees it.
    #[serde(rename = "openGId", deserialize_with = "lenient::required_text")]
    pub open_gid: String,
}

/// wx.getGroupEnterInfo: the group the app was opened from
/// (<https://developers.weixin.qq.com/miniprogram/dev/api/open-api/group/wx.getGroupEnterInfo.html>).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct GroupEnterInfo {
    /// The group as this app sees it. In lower case on the wire, unlike that of [`ShareInfo`].
    #[serde(rename = "opengid", deserialize_with = "lenient::required_text")]
    pub open_gid: String,
}

/// wx.getChatToolInfo: the chat in which the app runs as a chat tool (聊天工具)
/// (<https://developers.weixin.qq.com/miniprogram/dev/api/chattool/wx.getChatToolInfo.html>).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct ChatToolInfo {
    /// The group, in a chat of several.
    #[serde(rename = "opengid", default, deserialize_with = "lenient::filled_text")]
    pub open_gid: Option<String>,
    /// The id of the chat, in a chat of two.
    #[serde(
        rename = "open_single_roomid",
        default,
        deserialize_with = "lenient::filled_text"
    )]
    pub open_single_room_id: Option<String>,
    /// The user as a member of this chat. Not their openid.
    #[serde(
        rename = "group_openid",
        default,
        deserialize_with = "lenient::filled_text"
    )]
    pub group_open_id: Option<String>,
    /// The sort of chat, by WeChat's number.
    #[serde(default, deserialize_with = "lenient::integer")]
    pub chat_type: Option<i64>,
}

impl ShareInfo {
    pub(super) const FIELDS: &[&str] = &["openGId"];
}

impl GroupEnterInfo {
    pub(super) const FIELDS: &[&str] = &["opengid"];
}

impl ChatToolInfo {
    pub(super) const FIELDS: &[&str] = &["open_single_roomid", "group_openid", "chat_type"];
}
