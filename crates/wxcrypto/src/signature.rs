//! Signatures of payments: 虚拟支付 (virtual payment), game coins, store payment.
//!
//! Source: "Signatures" of virtual payment
//! (<https://developers.weixin.qq.com/miniprogram/dev/platform-capabilities/business-capabilities/virtual-payment.html>).
//! WeChat compares them as text: upper case is refused.

use domain::secret::SessionKey;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// The signature of `text` by a user's session_key (用户态签名): lower-case hex of HMAC-SHA256. The
/// key is the base64 text itself and not the 16 bytes it stands for.
///
/// `text` is `signData` on the phone and the body of the POST on a server, byte for byte as it is
/// sent. The signature of the **empty** text is the credential of checkSessionKey,
/// resetUserSessionKey and getUserEncryptKey; do not hand it out.
#[must_use]
pub fn session_signature(session_key: &SessionKey, text: &[u8]) -> String {
    hmac(session_key.expose().as_bytes(), &[text])
}

/// The signature of `text` by the AppKey (支付签名, paySig): lower-case hex of HMAC-SHA256 over
/// `uri`, `&` and the text. On the phone `uri` is `requestVirtualPayment`, on a server the path, such
/// as `/xpay/query_user_balance`.
#[must_use]
pub fn pay_signature(app_key: &SecretString, uri: &str, text: &[u8]) -> String {
    let key = app_key.expose_secret().as_bytes();
    hmac(key, &[uri.as_bytes(), b"&", text])
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> String {
    // HMAC takes a key of any length; an error would need one that has none.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return String::new();
    };
    for part in parts {
        mac.update(part);
    }
    hex::encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const BALANCE: &str = r#"{"openid": "xxx", "user_ip": "127.0.0.1", "env": 0}"#;
    const COINS: &str = r#"{"offer_id": "12345678", "openid": "oUrsfxxxxxxxxxx", "ts": 1668136271, "zone_id": "1", "env": 0}"#;

    #[rstest]
    #[case(
        BALANCE,
        "089d9e8dc5d308977360c4b79ec600a93d736802802a807d634192328032f6c7"
    )]
    #[case(
        COINS,
        "42fe1d3341fb1c8bd6f5014ba735ab04eacc80a2deb3ab4669eab4700b5b6729"
    )]
    fn the_published_user_signatures_hold(#[case] text: &str, #[case] signature: &str) {
        let key = SessionKey::new("9hAb/NEYUlkaMBEsmFgzig==");
        assert_eq!(session_signature(&key, text.as_bytes()), signature);
    }

    #[rstest]
    #[case(
        "/xpay/query_user_balance",
        BALANCE,
        "c37809f27c6d7fd1837ad2500a04512b66b34fd793a39a385fade56dca89a4b5"
    )]
    #[case(
        "/wxa/game/getbalance",
        COINS,
        "11bac6388871d29c055c7d16fbe42e8d646855b666faf89b15c815218b1b23bd"
    )]
    fn the_published_pay_signatures_hold(
        #[case] uri: &str,
        #[case] text: &str,
        #[case] signature: &str,
    ) {
        let key = SecretString::from("12345");
        assert_eq!(pay_signature(&key, uri, text.as_bytes()), signature);
    }

    #[test]
    fn every_byte_counts() {
        let key = SessionKey::new("9hAb/NEYUlkaMBEsmFgzig==");
        let of = |text: &[u8]| session_signature(&key, text);
        assert_ne!(of(b"{\"a\":1}"), of(b"{\"a\":1}\n"));
        assert_ne!(of(b"{\"a\":1}"), of(b"{\"a\": 1}"));
        assert_eq!(of(b"\xff").len(), 64);
    }
}
