//! The worked examples that WeChat publishes with its documents.

use sha2::{Digest, Sha256};
use wxcrypto::{EncryptedData, Payload, SessionKey, SignedRawData};

use crate::phone::Server;

const ENCRYPTED_DATA: &str = "CiyLU1Aw2KjvrjMdj8YKliAjtP4gsMZMQmRzooG2xrDcvSnxIMXFufNstNGTyaGS9uT5geRa0W4oTOb1WT7fJlAC+oNPdbB+3hVbJSRgv+4lGOETKUQz6OYStslQ142dNCuabNPGBzlooOmB231qMM85d2/fV6ChevvXvQP8Hkue1poOFtnEtpyxVLW1zAo6/1Xx1COxFvrc2d7UL/lmHInNlxuacJXwu0fjpXfz/YqYzBIBzD6WUfTIF9GRHpOn/Hz7saL8xz+W//FRAUid1OksQaQx4CMs8LOddcQhULW4ucetDf96JcR3g0gfRK4PC7E/r7Z6xNrXd2UIeorGj5Ef7b1pJAYB6Y5anaHqZ9J6nKEBvB4DnNLIVWSgARns/8wR2SiRS7MNACwTyrGvt9ts8p12PKFdlqYTopNHR1Vf7XjfhQlVsAJdNiKdYmYVoKlaRv85IfVunYzO0IKXsyl7JCUjCpoG20f0a04COwfneQAGGwd5oa+T8yO5hzuyDb/XcxxmK01EpqOyuxINew==";
const IV: &str = "r7BXXKkLb8qrSNn05n0qiA==";

const RAW_DATA: &str = r#"{"nickName":"Band","gender":1,"language":"zh_CN","city":"Guangzhou","province":"Guangdong","country":"CN","avatarUrl":"http://wx.qlogo.cn/mmopen/vi_32/1vZvI39NWFQ9XM4LtQpFrQJ1xlgZxx3w7bQxKARol6503Iuswjjn6nIGBiaycAjAtpujxyzYsrztuuICqIM5ibXQ/0"}"#;
const SIGNATURE: &str = "75e81ceda165f4ffa64f4068af58c64b8f54b88c";

#[test]
fn the_official_encrypted_data_opens_byte_for_byte() {
    let data = EncryptedData {
        encrypted_data: ENCRYPTED_DATA.to_owned(),
        iv: IV.to_owned(),
    };
    let opened = Server::new().open(&data).unwrap();

    assert_eq!(opened.json.len(), 393);
    assert_eq!(
        hex::encode(Sha256::digest(&opened.json)),
        "3237d8a5dbd413523c194882c7156544d8a06e2afcc97383cc300c17bd09391b"
    );
    assert_eq!(opened.watermark.app_id.as_str(), "wx4f4bc4dec97d474b");
    assert_eq!(opened.watermark.timestamp, 1_477_314_187);
    assert_eq!(
        opened.open_id.unwrap().as_str(),
        "oGZUI0egBJY1zhBYw2KhdUfwVJJE"
    );
    assert_eq!(
        opened.union_id.unwrap().as_str(),
        "ocMvos6NjeKLIBqg5Mr9QjxrP1FA"
    );
    let Payload::UserInfo(user) = opened.payload else {
        panic!("{:?}", opened.payload);
    };
    assert_eq!(user.nick_name.as_deref(), Some("Band"));
    assert_eq!(user.gender, Some(1));
    assert_eq!(user.language.as_deref(), Some("zh_CN"));
    assert_eq!(user.city.as_deref(), Some("Guangzhou"));
    assert_eq!(user.province.as_deref(), Some("Guangdong"));
    assert_eq!(user.country.as_deref(), Some("CN"));
    assert!(
        user.avatar_url
            .as_deref()
            .unwrap()
            .starts_with("http://wx.qlogo.cn/")
    );
    assert!(!user.is_anonymous());
}

#[test]
fn the_official_raw_data_signature_holds() {
    let data = SignedRawData {
        raw_data: RAW_DATA.into(),
        signature: SIGNATURE.to_owned(),
    };
    let session_key = SessionKey::new("HyVFkGl5F5OQWJZZaNzBBg==");
    let user = wxcrypto::verify_raw_data(&data, &session_key).unwrap();
    assert_eq!(user.nick_name.as_deref(), Some("Band"));
    assert_eq!(user.gender, Some(1));
}
