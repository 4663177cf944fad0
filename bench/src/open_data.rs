//! The encryptedData that phones bring, sealed as WeChat seals it
//! (<https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/signature.html>).

use aes::Aes128;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cbc::Encryptor;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeEncrypt, KeyIvInit};

use crate::exact;
use crate::wechat::{Session, open_id};

/// The nickname of a user.
pub(crate) fn nick_name(user: &str) -> String {
    format!("Band {user}")
}

/// `platUserInfoMap` of a user's login in `session`, as JSON. The payload is that of wx.getUserInfo
/// in WeChat's documents, with a watermark of now and of `app_id`.
pub(crate) fn user_info_map(session: &Session<'_>, app_id: &str) -> String {
    let payload = format!(
        r#"{{"openId":"{open_id}","nickName":"{nick_name}","gender":1,"language":"zh_CN","city":"Guangzhou","province":"Guangdong","country":"CN","avatarUrl":"http://wx.qlogo.cn/mmopen/vi_32/aSKcBBPpibyKNicHNTMM0qJVh8Kjgiak2AHWr8MHM4WgMEm7GFhsf8OYrySdbvAMvTsw3mo8ibKicsnfN5pRjl1p8HQ/0","watermark":{{"timestamp":{now},"appid":"{app_id}"}}}}"#,
        open_id = open_id(session.user()),
        nick_name = nick_name(session.user()),
        now = exact::unix_seconds(),
    );
    let iv = session.iv();
    let cipher = Encryptor::<Aes128>::new(&session.key().into(), &iv.into());
    let sealed = cipher.encrypt_padded_vec::<Pkcs7>(payload.as_bytes());
    let (data, iv) = (STANDARD.encode(sealed), STANDARD.encode(iv));
    format!(r#"{{"encryptedData":"{data}","iv":"{iv}"}}"#)
}

#[cfg(test)]
mod tests {
    use wxcrypto::{AppId, EncryptedData, Expected, OpenData, OpenDataError, OpenId, SessionKey};

    use super::*;
    use crate::programs::APP_ID;

    /// Opens what is sealed for user 7 in session 1 of this app.
    fn open(app_id: &str, session: &str) -> Result<OpenData, OpenDataError> {
        let map = user_info_map(&Session::of("7.1.code"), app_id);
        let map: serde_json::Value = serde_json::from_str(&map).unwrap();
        let text = |name: &str| map[name].as_str().unwrap().to_owned();
        let data = EncryptedData {
            encrypted_data: text("encryptedData"),
            iv: text("iv"),
        };
        wxcrypto::open(
            &data,
            &Expected {
                session_key: &SessionKey::new(STANDARD.encode(Session::of(session).key())),
                app_id: &AppId::new(APP_ID),
                open_id: &OpenId::new(open_id("7")),
                not_before: None,
            },
        )
    }

    #[test]
    fn what_is_sealed_opens_with_the_key_of_the_same_session() {
        let opened = open(APP_ID, "7.1.other").unwrap();
        assert!(opened.json.contains(&nick_name("7")));
        assert_eq!(opened.open_id, Some(OpenId::new(open_id("7"))));
    }

    #[test]
    fn what_is_sealed_for_another_session_or_app_is_refused() {
        assert_eq!(open(APP_ID, "7.2.code"), Err(OpenDataError::NotOpened));
        assert_eq!(open("wxother", "7.1.code"), Err(OpenDataError::OtherApp));
    }
}
