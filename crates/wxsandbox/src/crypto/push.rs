//! Message push: the signature, and encryption in safe mode
//! (<https://developers.weixin.qq.com/miniprogram/dev/framework/server-ability/message-push.html>).

use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{Engine, alphabet};

use super::cbc::{self, CbcError};
use super::sha1_hex;

/// 43 characters carry 258 bits, two more than the key has; not every console clears them.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// The AES key behind an EncodingAESKey.
pub(crate) struct AesKey([u8; 32]);

impl AesKey {
    /// From the 43 characters of the console.
    pub(crate) fn parse(encoding_aes_key: &str) -> Option<Self> {
        let key = LENIENT.decode(encoding_aes_key).ok()?;
        Some(Self(key.try_into().ok()?))
    }

    /// `Encrypt`: random, length, message and appid, padded to blocks of 32.
    pub(crate) fn seal(
        &self,
        random: [u8; 16],
        message: &str,
        app_id: &str,
    ) -> Result<String, CbcError> {
        let length = u32::try_from(message.len()).map_err(|_| CbcError)?;
        let plaintext = [
            &random,
            &length.to_be_bytes()[..],
            message.as_bytes(),
            app_id.as_bytes(),
        ];
        let sealed = cbc::encrypt(&self.0, self.iv(), &plaintext.concat(), 32)?;
        Ok(STANDARD.encode(sealed))
    }

    /// Message and appid from an `Encrypt`.
    pub(crate) fn open(&self, encrypt: &str) -> Result<(String, String), CbcError> {
        let sealed = STANDARD.decode(encrypt).map_err(|_| CbcError)?;
        let plaintext = cbc::decrypt(&self.0, self.iv(), &sealed, 32)?;
        let rest = plaintext.get(16..).ok_or(CbcError)?;
        let (length, rest) = rest.split_first_chunk::<4>().ok_or(CbcError)?;
        let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| CbcError)?;
        let (message, app_id) = rest.split_at_checked(length).ok_or(CbcError)?;
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).map_err(|_| CbcError);
        Ok((text(message)?, text(app_id)?))
    }

    fn iv(&self) -> [u8; 16] {
        let mut iv = [0; 16];
        iv.copy_from_slice(self.0.first_chunk::<16>().unwrap_or(&[0; 16]));
        iv
    }
}

/// SHA-1 over the parts in byte order: `signature` of token, timestamp, nonce; `msg_signature` of
/// these and `Encrypt`.
pub(crate) fn sign(mut parts: Vec<&str>) -> String {
    parts.sort_unstable();
    sha1_hex(&parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &str = r#"{"ToUserName":"gh_97417a04a28d","FromUserName":"o9AgO5Kd5ggOC-bXrbNODIiE3bGY","CreateTime":1714112445,"MsgType":"event","Event":"debug_demo","debug_str":"hello world"}"#;
    const ENCRYPT: &str = "+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZqzDpVzazhZv6JsXUnnR8XGT740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pede2IuQrKEYwKSqFIZoNqJ4M8EajAsjLY2km32IIjdf8YL/P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F9mFUPAJGj04=";
    const REPLY: &str =
        "ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ==";

    fn key() -> AesKey {
        AesKey::parse(&"A".repeat(43)).unwrap()
    }

    #[test]
    fn verification_signatures_agree_with_the_published_vectors() {
        assert_eq!(
            sign(vec!["AAAAA", "1714036504", "1514711492"]),
            "f464b24fc39322e44b38aa78f5edd27bd1441696"
        );
        assert_eq!(
            sign(vec!["AAAAA", "1714037059", "486452656"]),
            "899cf89e464efb63f54ddac96b0a0a235f53aa78"
        );
    }

    #[test]
    fn sealing_the_published_message_gives_the_published_ciphertext_and_signature() {
        let sealed = key().seal(*b"a8eedb185eb2fecf", MESSAGE, "wxba5fad812f8e6fb9");
        assert_eq!(sealed.as_deref(), Ok(ENCRYPT));
        assert_eq!(
            sign(vec!["AAAAA", "1714112445", "415670741", ENCRYPT]),
            "046e02f8204d34f8ba5fa3b1db94908f3df2e9b3"
        );
    }

    #[test]
    fn the_published_reply_opens_and_its_signature_holds() {
        let expected = (r#"{"demo_resp":"good luck"}"#, "wxba5fad812f8e6fb9");
        let (message, app_id) = key().open(REPLY).unwrap();
        assert_eq!((message.as_str(), app_id.as_str()), expected);
        assert_eq!(
            sign(vec!["AAAAA", "1713424427", "415670741", REPLY]),
            "1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1"
        );
        let sealed = key().seal(*b"707722b803182950", expected.0, expected.1);
        assert_eq!(sealed.as_deref(), Ok(REPLY));
    }

    #[test]
    fn an_encoding_aes_key_has_43_characters() {
        assert!(AesKey::parse(&"A".repeat(42)).is_none());
        assert!(AesKey::parse(&"A".repeat(44)).is_none());
        assert!(AesKey::parse(&"z".repeat(43)).is_some());
    }
}
