//! Groups and chats: `wx.getShareInfo`, `wx.getGroupEnterInfo`, `wx.getChatToolInfo`.

use serde_json::{Map, Value, json};

use super::{EncryptedData, OpenDataOptions, Phone, PhoneError};

impl Phone {
    /// `wx.getShareInfo` of a card shared to a group.
    ///
    /// # Errors
    /// [`PhoneError::NotLoggedIn`] without a valid session_key.
    pub fn share_info(
        &self,
        group: &str,
        options: &OpenDataOptions,
    ) -> Result<EncryptedData, PhoneError> {
        self.encrypt(one_field("openGId", self.group_id(group)), options)
    }

    /// `wx.getGroupEnterInfo` of an app opened from a group. The field is in lower case here.
    ///
    /// # Errors
    /// As [`Phone::share_info`].
    pub fn group_enter_info(
        &self,
        group: &str,
        options: &OpenDataOptions,
    ) -> Result<EncryptedData, PhoneError> {
        self.encrypt(one_field("opengid", self.group_id(group)), options)
    }

    /// `wx.getChatToolInfo` in a group's chat.
    ///
    /// # Errors
    /// As [`Phone::share_info`].
    pub fn chat_tool_info(
        &self,
        group: &str,
        options: &OpenDataOptions,
    ) -> Result<EncryptedData, PhoneError> {
        let member = format!("{group}\n{}", self.user.name);
        let mut payload = one_field("opengid", self.group_id(group));
        payload.insert("group_openid".to_owned(), json!(self.group_id(&member)));
        payload.insert("chat_type".to_owned(), json!(3));
        self.encrypt(payload, options)
    }

    fn group_id(&self, group: &str) -> String {
        self.world.derive.group_id(&self.app.id, group)
    }
}

fn one_field(name: &str, value: String) -> Map<String, Value> {
    Map::from_iter([(name.to_owned(), Value::String(value))])
}
