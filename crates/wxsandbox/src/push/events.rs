//! The events on a user's data, which bind a backend
//! (<https://developers.weixin.qq.com/miniprogram/dev/server/event_push/platform/authorized_user_information_changes.html>).

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::state::Identity;

/// Something happened to a user's data.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum UserDataEvent {
    /// WeChat cleaned a risky nickname or avatar.
    UserInfoModified,
    /// The user withdrew an authorisation.
    UserAuthorizationRevoke {
        /// `RevokeInfo`: the numbers of what was withdrawn, for instance `6` for nickname and avatar
        /// or `8` for the phone number; several are separated by commas.
        revoke_info: String,
    },
    /// The user closed the account.
    UserAuthorizationCancellation,
}

impl UserDataEvent {
    const fn name(&self) -> &'static str {
        match self {
            Self::UserInfoModified => "user_info_modified",
            Self::UserAuthorizationRevoke { .. } => "user_authorization_revoke",
            Self::UserAuthorizationCancellation => "user_authorization_cancellation",
        }
    }

    /// The message as WeChat sends it.
    pub(crate) fn message(&self, original_id: &str, about: &Identity, created: i64) -> Value {
        let mut fields = Map::from_iter([
            ("ToUserName".to_owned(), json!(original_id)),
            ("FromUserName".to_owned(), json!(&*about.openid)),
            ("CreateTime".to_owned(), json!(created)),
            ("MsgType".to_owned(), json!("event")),
            ("Event".to_owned(), json!(self.name())),
            ("OpenID".to_owned(), json!(&*about.openid)),
            ("AppID".to_owned(), json!(&*about.app_id)),
        ]);
        if let Self::UserAuthorizationRevoke { revoke_info } = self {
            fields.insert("RevokeInfo".to_owned(), json!(revoke_info));
        }
        Value::Object(fields)
    }
}
