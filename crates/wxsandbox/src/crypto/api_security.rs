//! Signed and encrypted API calls: AES-256-GCM for the body, RSA-PSS for the signature
//! (<https://developers.weixin.qq.com/miniprogram/dev/server/getting_started/api_signature.html>).

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::signature::{ParsedPublicKey, RSA_PSS_2048_8192_SHA256};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

/// A body that is encrypted: three texts in base64.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sealed {
    pub(crate) iv: String,
    pub(crate) data: String,
    pub(crate) authtag: String,
}

/// What a ciphertext and a signature are bound to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Envelope<'a> {
    /// The URL without its query.
    pub(crate) url_path: &'a str,
    pub(crate) app_id: &'a str,
    /// Seconds since the Unix epoch.
    pub(crate) timestamp: i64,
}

/// The app's symmetric key and its number.
pub(crate) struct SymmetricKey {
    sn: String,
    key: LessSafeKey,
}

/// The developer's public key.
pub(crate) struct DeveloperKey(ParsedPublicKey);

impl Envelope<'_> {
    /// What is signed: four lines, the last without an end.
    pub(crate) fn text_to_sign(&self, body: &str) -> String {
        let Self {
            url_path,
            app_id,
            timestamp,
        } = self;
        format!("{url_path}\n{app_id}\n{timestamp}\n{body}")
    }
}

impl SymmetricKey {
    /// From the console's number and base64 text.
    pub(crate) fn parse(sn: &str, text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text).ok()?;
        let key = UnboundKey::new(&AES_256_GCM, &bytes).ok()?;
        Some(Self {
            sn: sn.to_owned(),
            key: LessSafeKey::new(key),
        })
    }

    pub(crate) fn open(&self, envelope: &Envelope<'_>, sealed: &Sealed) -> Option<String> {
        let decode = |text: &String| STANDARD.decode(text).ok();
        let nonce = Nonce::try_assume_unique_for_key(&decode(&sealed.iv)?).ok()?;
        let mut buffer = decode(&sealed.data)?;
        let tag = decode(&sealed.authtag)?;
        if tag.len() != AES_256_GCM.tag_len() {
            return None;
        }
        buffer.extend(tag);
        let aad = Aad::from(self.aad(envelope));
        let plaintext = self.key.open_in_place(nonce, aad, &mut buffer).ok()?;
        String::from_utf8(plaintext.to_vec()).ok()
    }

    pub(crate) fn seal(
        &self,
        envelope: &Envelope<'_>,
        iv: [u8; 12],
        plaintext: &str,
    ) -> Option<Sealed> {
        let mut buffer = plaintext.as_bytes().to_vec();
        let nonce = Nonce::assume_unique_for_key(iv);
        let aad = Aad::from(self.aad(envelope));
        let tag = (self.key)
            .seal_in_place_separate_tag(nonce, aad, &mut buffer)
            .ok()?;
        Some(Sealed {
            iv: STANDARD.encode(iv),
            data: STANDARD.encode(buffer),
            authtag: STANDARD.encode(tag),
        })
    }

    fn aad(&self, envelope: &Envelope<'_>) -> String {
        let Envelope {
            url_path,
            app_id,
            timestamp,
        } = envelope;
        format!("{url_path}|{app_id}|{timestamp}|{}", self.sn)
    }
}

impl DeveloperKey {
    /// From PEM (`BEGIN PUBLIC KEY`).
    pub(crate) fn parse(pem: &str) -> Option<Self> {
        let text: String = pem
            .lines()
            .filter(|line| !line.starts_with("-----"))
            .collect();
        let der = STANDARD
            .decode(text.replace(char::is_whitespace, ""))
            .ok()?;
        let key = ParsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, der);
        key.ok().map(Self)
    }

    /// Whether `signature` (base64) was made over `text`.
    pub(crate) fn verify(&self, text: &str, signature: &str) -> bool {
        let signature = STANDARD.decode(signature).unwrap_or_default();
        self.0.verify_sig(text.as_bytes(), &signature).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::platform_key::PlatformKey;
    use crate::crypto::sha256;

    const REQUEST: &str = r#"{"iv":"fmW/zNxXlytUZBgj","data":"0IDVdrPtSPF/Oe2CTXCV2vVNPbVJdJlP2WaTMQnoYLh5iCrrSNfQFh25EnStDMf0hLlVNBCZQtf9NaV0m4aRA4AAYIO7oR/Ge+4yY4EmZp5EVPB42xjScgMx5X3D4VdLCfynXIUKUtZHZvk1zmLVE3RauzJgiM1BB1CPmwcENo3MTJ0z8Vfkf5tMv54kOXobDLlV5rfqKdAX7gM/rP82DgZdt9vvZX44ipdbHIjJvw83ZXAFtvftdVw2Qd8=","authtag":"5qeM/2vZv+6KtScN94IpMg=="}"#;
    const REQUEST_TEXT: &str = r#"{"_n":"o89QaPVsRu1yppIZzvSZc4","_appid":"wxba6223c06417af7b","_timestamp":1635927954,"appid":"wxba6223c06417af7b","openid":"oEWzBfmdLqhFS2mTXCo2E4Y9gJAM","scene":0,"client_ip":"127.0.0.1"}"#;
    const RESPONSE: &str = r#"{"iv":"r2WDQt56rEAmMuoR","data":"HExs66Ik3el+iM4IpeQ7SMEN934FRLFYOd3EmeaIrpP4EPTHckoco6O+PaoRZRa3lqaPRZT7r52f7LUok6gLxc6cdR8C4vpIIfh4xfLC4L7FNy9GbuMK1hcoi8b7gkWJcwZMkuCFNEDmqn3T49oWzAQOrY4LZnnnykv6oUJotdAsnKvmoJkLK7hRh7M2B1d2UnTnRuoIyarXc5Iojwoghx4BOvnV","authtag":"z2BFD8QctKXTuBlhICGOjQ=="}"#;

    fn key() -> SymmetricKey {
        SymmetricKey::parse(
            "fa05fe1e5bcc79b81ad5ad4b58acf787",
            "otUpngOjU+nVQaWJIC3D/yMLV17RKaP6t4Ot9tbnzLY=",
        )
        .unwrap()
    }

    fn envelope(timestamp: i64) -> Envelope<'static> {
        Envelope {
            url_path: "https://api.weixin.qq.com/wxa/getuserriskrank",
            app_id: "wxba6223c06417af7b",
            timestamp,
        }
    }

    #[test]
    fn the_published_request_opens() {
        let sealed: Sealed = serde_json::from_str(REQUEST).unwrap();
        let opened = key().open(&envelope(1_635_927_954), &sealed);
        assert_eq!(opened.as_deref(), Some(REQUEST_TEXT));
    }

    #[test]
    fn sealing_the_published_request_gives_the_published_body() {
        let iv = STANDARD.decode("fmW/zNxXlytUZBgj").unwrap();
        let envelope = envelope(1_635_927_954);
        let sealed = key().seal(&envelope, iv.try_into().unwrap(), REQUEST_TEXT);
        assert_eq!(serde_json::to_string(&sealed).unwrap(), REQUEST);
    }

    #[test]
    fn the_published_response_opens_and_its_text_to_sign_has_the_published_hash() {
        let envelope = envelope(1_635_927_956);
        let sealed: Sealed = serde_json::from_str(RESPONSE).unwrap();
        let opened = key().open(&envelope, &sealed).unwrap();
        assert!(opened.contains(r#""unoin_id":2258658297"#), "{opened}");
        assert_eq!(
            hex::encode(sha256(&[envelope.text_to_sign(RESPONSE).as_bytes()])),
            "f797cafd9e323df336fb427569fbe67e20d5bc96dd68a3f54d66b54e6e08bb27"
        );
    }

    #[test]
    fn a_ciphertext_is_bound_to_its_timestamp() {
        let sealed: Sealed = serde_json::from_str(REQUEST).unwrap();
        assert_eq!(key().open(&envelope(1_635_927_955), &sealed), None);
    }

    #[test]
    fn a_signature_holds_for_its_text_alone() {
        let pair = PlatformKey::generate().unwrap();
        let public = DeveloperKey::parse(&pair.public_pem().unwrap()).unwrap();
        let signature = pair.sign("text").unwrap();
        assert!(public.verify("text", &signature));
        assert!(!public.verify("another", &signature));
        assert!(!public.verify("text", "rubbish"));
    }
}
