//! AES-256-GCM, bound to the call by its additional data.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::error::Fault;

/// What a request or an answer belongs to.
pub(super) struct Place<'a> {
    pub(super) urlpath: &'a str,
    pub(super) app_id: &'a str,
    /// Unix seconds.
    pub(super) timestamp: i64,
}

impl Place<'_> {
    pub(super) fn to_sign(&self, body: &str) -> String {
        self.joined('\n', body)
    }

    fn joined(&self, by: char, last: &str) -> String {
        let (urlpath, app_id, timestamp) = (self.urlpath, self.app_id, self.timestamp);
        format!("{urlpath}{by}{app_id}{by}{timestamp}{by}{last}")
    }
}

pub(super) struct Cipher {
    pub(super) key: LessSafeKey,
    pub(super) serial: String,
}

/// An encrypted body as it is sent, all in base64.
#[derive(Deserialize)]
struct Encrypted {
    iv: String,
    data: String,
    authtag: String,
}

impl Cipher {
    pub(super) fn encrypt(
        &self,
        place: &Place<'_>,
        plain: String,
        iv: [u8; NONCE_LEN],
    ) -> Result<String, Fault> {
        let mut data = Zeroizing::new(plain.into_bytes());
        let nonce = Nonce::assume_unique_for_key(iv);
        let (key, aad) = (&self.key, self.aad(place));
        let tag = key.seal_in_place_separate_tag(nonce, aad, &mut data);
        let tag = tag.map_err(|_| Fault::NotMade("encryption fails"))?;
        let [iv, data, tag] = [&iv[..], &data, tag.as_ref()].map(|bytes| STANDARD.encode(bytes));
        let body = format!(r#"{{"iv":"{iv}","data":"{data}","authtag":"{tag}"}}"#);
        Ok(body)
    }

    pub(super) fn decrypt(
        &self,
        place: &Place<'_>,
        body: &str,
    ) -> Result<Zeroizing<Vec<u8>>, Fault> {
        const FAULT: Fault = Fault::Malformed("it does not open with the symmetric key");
        let Encrypted { iv, data, authtag } =
            serde_json::from_str(body).map_err(|_| Fault::Malformed("not encrypted"))?;
        let decode = |text: String| STANDARD.decode(text).map_err(|_| FAULT);
        let nonce = Nonce::try_assume_unique_for_key(&decode(iv)?).map_err(|_| FAULT)?;
        let mut data = Zeroizing::new(decode(data)?);
        let length = data.len();
        data.extend(decode(authtag)?);
        let opened = self.key.open_in_place(nonce, self.aad(place), &mut data);
        opened.map_err(|_| FAULT)?;
        data.truncate(length);
        Ok(data)
    }

    fn aad(&self, place: &Place<'_>) -> Aad<String> {
        Aad::from(place.joined('|', &self.serial))
    }
}

pub(super) fn key(bytes: &[u8]) -> Option<LessSafeKey> {
    let key = aws_lc_rs::aead::UnboundKey::new(&AES_256_GCM, bytes).ok()?;
    Some(LessSafeKey::new(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    // The example of WeChat's page.
    const REQUEST: Place<'_> = Place {
        urlpath: "https://api.weixin.qq.com/wxa/getuserriskrank",
        app_id: "wxba6223c06417af7b",
        timestamp: 1_635_927_954,
    };
    const REQUEST_PLAIN: &str = r#"{"_n":"o89QaPVsRu1yppIZzvSZc4","_appid":"wxba6223c06417af7b","_timestamp":1635927954,"appid":"wxba6223c06417af7b","openid":"oEWzBfmdLqhFS2mTXCo2E4Y9gJAM","scene":0,"client_ip":"127.0.0.1"}"#;
    const REQUEST_BODY: &str = r#"{"iv":"fmW/zNxXlytUZBgj","data":"0IDVdrPtSPF/Oe2CTXCV2vVNPbVJdJlP2WaTMQnoYLh5iCrrSNfQFh25EnStDMf0hLlVNBCZQtf9NaV0m4aRA4AAYIO7oR/Ge+4yY4EmZp5EVPB42xjScgMx5X3D4VdLCfynXIUKUtZHZvk1zmLVE3RauzJgiM1BB1CPmwcENo3MTJ0z8Vfkf5tMv54kOXobDLlV5rfqKdAX7gM/rP82DgZdt9vvZX44ipdbHIjJvw83ZXAFtvftdVw2Qd8=","authtag":"5qeM/2vZv+6KtScN94IpMg=="}"#;
    const ANSWER: Place<'_> = Place {
        timestamp: 1_635_927_956,
        ..REQUEST
    };
    const ANSWER_PLAIN: &str = r#"{"_n":"ShYZpqdVgY+yQVAxNSWhYg","_appid":"wxba6223c06417af7b","_timestamp":1635927956,"errcode":0,"errmsg":"getuserriskrank succ","risk_rank":0,"unoin_id":2258658297}"#;
    const ANSWER_BODY: &str = r#"{"iv":"r2WDQt56rEAmMuoR","data":"HExs66Ik3el+iM4IpeQ7SMEN934FRLFYOd3EmeaIrpP4EPTHckoco6O+PaoRZRa3lqaPRZT7r52f7LUok6gLxc6cdR8C4vpIIfh4xfLC4L7FNy9GbuMK1hcoi8b7gkWJcwZMkuCFNEDmqn3T49oWzAQOrY4LZnnnykv6oUJotdAsnKvmoJkLK7hRh7M2B1d2UnTnRuoIyarXc5Iojwoghx4BOvnV","authtag":"z2BFD8QctKXTuBlhICGOjQ=="}"#;

    fn cipher() -> Cipher {
        let bytes = STANDARD
            .decode("otUpngOjU+nVQaWJIC3D/yMLV17RKaP6t4Ot9tbnzLY=")
            .unwrap();
        Cipher {
            key: key(&bytes).unwrap(),
            serial: "fa05fe1e5bcc79b81ad5ad4b58acf787".to_owned(),
        }
    }

    #[test]
    fn the_published_request_is_made_byte_for_byte() {
        let iv = STANDARD.decode("fmW/zNxXlytUZBgj").unwrap();
        let (plain, iv) = (REQUEST_PLAIN.to_owned(), iv.try_into().unwrap());
        let body = cipher().encrypt(&REQUEST, plain, iv);
        assert_eq!(body.unwrap(), REQUEST_BODY);
    }

    #[test]
    fn the_published_answer_opens() {
        let plain = cipher().decrypt(&ANSWER, ANSWER_BODY).unwrap();
        assert_eq!(std::str::from_utf8(&plain).unwrap(), ANSWER_PLAIN);
    }

    #[test]
    fn the_published_answer_is_signed_as_published() {
        let text = ANSWER.to_sign(ANSWER_BODY);
        let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
        assert_eq!(
            hex::encode(hash),
            "f797cafd9e323df336fb427569fbe67e20d5bc96dd68a3f54d66b54e6e08bb27"
        );
    }

    #[test]
    fn an_answer_does_not_open_at_another_time_or_when_touched() {
        assert!(cipher().decrypt(&REQUEST, ANSWER_BODY).is_err());
        let touched = ANSWER_BODY.replace("HExs", "HExt");
        assert!(cipher().decrypt(&ANSWER, &touched).is_err());
        for body in ["", "{}", r#"{"iv":"","data":"","authtag":""}"#] {
            assert!(cipher().decrypt(&ANSWER, body).is_err(), "{body}");
        }
    }
}
