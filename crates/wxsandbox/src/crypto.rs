//! The cryptography WeChat's documents prescribe, from the side that encrypts and signs.
//!
//! All of it runs on aws-lc-rs. The crates that are tested against the sandbox use other
//! implementations, so that agreement means something.

pub(crate) mod api_security;
pub(crate) mod cbc;
pub(crate) mod open_data;
pub(crate) mod platform_key;
pub(crate) mod push;

use aws_lc_rs::{digest, hmac};

/// Lower-case hex of SHA-1 over the concatenated parts.
pub(crate) fn sha1_hex(parts: &[&str]) -> String {
    let mut context = digest::Context::new(&digest::SHA1_FOR_LEGACY_USE_ONLY);
    for part in parts {
        context.update(part.as_bytes());
    }
    hex::encode(context.finish())
}

/// SHA-256 over the concatenated parts.
pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(part);
    }
    let mut out = [0; 32];
    out.copy_from_slice(context.finish().as_ref());
    out
}

/// The signature of checkSessionKey and its relatives: lower-case hex of HMAC-SHA256 keyed with the
/// base64 *text* of the session_key
/// (<https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/signature.html>).
pub(crate) fn session_signature(session_key: &str, message: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, session_key.as_bytes());
    hex::encode(hmac::sign(&key, message.as_bytes()))
}

/// `pay_sig`: the same with the AppKey, over the path (on the phone, the function's name), `&` and the text
/// (<https://developers.weixin.qq.com/miniprogram/dev/platform-capabilities/business-capabilities/virtual-payment.html>).
pub(crate) fn pay_signature(app_key: &str, uri: &str, text: &str) -> String {
    session_signature(app_key, &format!("{uri}&{text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SESSION_KEY: &str = "9hAb/NEYUlkaMBEsmFgzig==";
    const BALANCE: &str = r#"{"openid": "xxx", "user_ip": "127.0.0.1", "env": 0}"#;
    const GAME_BALANCE: &str = r#"{"offer_id": "12345678", "openid": "oUrsfxxxxxxxxxx", "ts": 1668136271, "zone_id": "1", "env": 0}"#;

    #[test]
    fn the_signatures_of_payment_agree_with_the_published_vectors() {
        assert_eq!(
            session_signature(SESSION_KEY, BALANCE),
            "089d9e8dc5d308977360c4b79ec600a93d736802802a807d634192328032f6c7"
        );
        assert_eq!(
            pay_signature("12345", "/xpay/query_user_balance", BALANCE),
            "c37809f27c6d7fd1837ad2500a04512b66b34fd793a39a385fade56dca89a4b5"
        );
        assert_eq!(
            session_signature(SESSION_KEY, GAME_BALANCE),
            "42fe1d3341fb1c8bd6f5014ba735ab04eacc80a2deb3ab4669eab4700b5b6729"
        );
        assert_eq!(
            pay_signature("12345", "/wxa/game/getbalance", GAME_BALANCE),
            "11bac6388871d29c055c7d16fbe42e8d646855b666faf89b15c815218b1b23bd"
        );
    }

    #[test]
    fn session_signature_agrees_with_the_published_vector() {
        assert_eq!(
            session_signature("o0q0otL8aEzpcZL/FT9WsQ==", r#"{"foo":"bar"}"#),
            "654571f79995b2ce1e149e53c0a33dc39c0a74090db514261454e8dbe432aa0b"
        );
    }

    #[test]
    fn session_signature_over_nothing_agrees_with_the_computed_vector() {
        assert_eq!(
            session_signature("o0q0otL8aEzpcZL/FT9WsQ==", ""),
            "46e043c5525c2d817c44be603d30837a808a1d930d038f6fdc3e62a201fed128"
        );
    }
}
