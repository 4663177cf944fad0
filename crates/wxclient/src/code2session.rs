//! 小程序登录 (code2Session): a login code for the user's openid and session_key.
//! <https://developers.weixin.qq.com/miniprogram/dev/server/API/user-login/api_code2session.html>

use domain::id::{OpenId, UnionId};
use domain::ports::WechatSession;
use domain::secret::{LoginCode, SessionKey};
use serde::Deserialize;

use crate::api::Api;
use crate::app::App;
use crate::client::{Call, Repeat, WechatClient};
use crate::error::{Fault, Result};

impl WechatClient {
    /// Exchanges `code`, which a user of `app` got from `wx.login`.
    ///
    /// The code works once and for five minutes. It is sent again only where WeChat certainly
    /// did not take it: after a failure to connect, or after WeChat's own "busy" (-1).
    ///
    /// # Errors
    /// [`WechatError`](crate::WechatError); [`Fault::Malformed`] also if the answer has no openid or session_key.
    pub async fn code2session(&self, app: &App, code: &LoginCode) -> Result<WechatSession> {
        let call = |secret: &str| {
            Call::get(Api::Code2Session, Repeat::IfCertainlyNotTaken).query(&[
                ("appid", app.app_id.as_str()),
                ("secret", secret),
                ("js_code", code.expose()),
                ("grant_type", "authorization_code"),
            ])
        };
        self.call_with_secret(&app.secret, call, Code2SessionReply::into_session)
            .await
    }
}

#[derive(Deserialize)]
pub(crate) struct Code2SessionReply {
    openid: Option<String>,
    session_key: Option<String>,
    unionid: Option<String>,
}

impl Code2SessionReply {
    pub(crate) fn into_session(self) -> Result<WechatSession, Fault> {
        let open_id = self.openid.filter(|id| is_sane(id));
        let open_id = open_id.ok_or(Fault::Malformed("no usable openid"))?;
        let union_id = self.unionid.filter(|id| !id.is_empty());
        if !union_id.as_deref().is_none_or(is_sane) {
            return Err(Fault::Malformed("no usable unionid"));
        }
        let session_key = self.session_key.filter(|key| !key.is_empty());
        Ok(WechatSession {
            open_id: OpenId::new(open_id),
            union_id: union_id.map(UnionId::new),
            session_key: SessionKey::new(session_key.ok_or(Fault::Malformed("no session_key"))?),
        })
    }
}

/// Whether a text can be an id. WeChat promises no shape (28 characters of `A-Za-z0-9_-` today),
/// so only what no database or log should be fed is refused.
fn is_sane(id: &str) -> bool {
    !id.is_empty() && id.len() <= 128 && !id.chars().any(char::is_control)
}
