//! Open data: `encryptedData` under the session_key, and the signature of `rawData`
//! (<https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/signature.html>).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::cbc::{self, CbcError};
use super::sha1_hex;

/// `signature` of `rawData`: SHA-1 over both texts, in lower-case hex.
pub(crate) fn sign_raw_data(raw_data: &str, session_key: &str) -> String {
    sha1_hex(&[raw_data, session_key])
}

/// `encryptedData` in base64: AES-128-CBC with PKCS#7 under the decoded session_key.
pub(crate) fn seal(session_key: &str, iv: [u8; 16], plaintext: &str) -> Result<String, CbcError> {
    let key = STANDARD.decode(session_key).map_err(|_| CbcError)?;
    cbc::encrypt(&key, iv, plaintext.as_bytes(), 16).map(|sealed| STANDARD.encode(sealed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_data_signature_agrees_with_the_published_vector() {
        let raw = r#"{"nickName":"Band","gender":1,"language":"zh_CN","city":"Guangzhou","province":"Guangdong","country":"CN","avatarUrl":"http://wx.qlogo.cn/mmopen/vi_32/1vZvI39NWFQ9XM4LtQpFrQJ1xlgZxx3w7bQxKARol6503Iuswjjn6nIGBiaycAjAtpujxyzYsrztuuICqIM5ibXQ/0"}"#;
        assert_eq!(
            sign_raw_data(raw, "HyVFkGl5F5OQWJZZaNzBBg=="),
            "75e81ceda165f4ffa64f4068af58c64b8f54b88c"
        );
    }

    #[test]
    fn sealing_the_published_plaintext_gives_the_published_ciphertext() {
        let plaintext = r#"{"openId":"oGZUI0egBJY1zhBYw2KhdUfwVJJE","nickName":"Band","gender":1,"language":"zh_CN","city":"Guangzhou","province":"Guangdong","country":"CN","avatarUrl":"http://wx.qlogo.cn/mmopen/vi_32/aSKcBBPpibyKNicHNTMM0qJVh8Kjgiak2AHWr8MHM4WgMEm7GFhsf8OYrySdbvAMvTsw3mo8ibKicsnfN5pRjl1p8HQ/0","unionId":"ocMvos6NjeKLIBqg5Mr9QjxrP1FA","watermark":{"timestamp":1477314187,"appid":"wx4f4bc4dec97d474b"}}"#;
        let iv = STANDARD.decode("r7BXXKkLb8qrSNn05n0qiA==").unwrap();
        let published = concat!(
            "CiyLU1Aw2KjvrjMdj8YKliAjtP4gsMZMQmRzooG2xrDcvSnxIMXFufNstNGTyaGS9uT5geRa0W4oTOb1WT7fJlAC",
            "+oNPdbB+3hVbJSRgv+4lGOETKUQz6OYStslQ142dNCuabNPGBzlooOmB231qMM85d2/fV6ChevvXvQP8Hkue1poO",
            "FtnEtpyxVLW1zAo6/1Xx1COxFvrc2d7UL/lmHInNlxuacJXwu0fjpXfz/YqYzBIBzD6WUfTIF9GRHpOn/Hz7saL8",
            "xz+W//FRAUid1OksQaQx4CMs8LOddcQhULW4ucetDf96JcR3g0gfRK4PC7E/r7Z6xNrXd2UIeorGj5Ef7b1pJAYB",
            "6Y5anaHqZ9J6nKEBvB4DnNLIVWSgARns/8wR2SiRS7MNACwTyrGvt9ts8p12PKFdlqYTopNHR1Vf7XjfhQlVsAJd",
            "NiKdYmYVoKlaRv85IfVunYzO0IKXsyl7JCUjCpoG20f0a04COwfneQAGGwd5oa+T8yO5hzuyDb/XcxxmK01EpqOy",
            "uxINew=="
        );
        let sealed = seal(
            "tiihtNczf5v6AKRyjwEUhQ==",
            iv.try_into().unwrap(),
            plaintext,
        );
        assert_eq!(sealed.as_deref(), Ok(published));
    }
}
