//! WeChat's JSON, read by content: the header often says `text/plain`, success often leaves out
//! errcode, and an errcode may be a number or a string.

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error};
use serde_json::Value;

use crate::error::{Fault, Refusal};

/// Reads a 200 answer: the reply, or the errcode as a [`Refusal`].
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Fault> {
    let json = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    // A JSON array would fill a struct's fields in order, and an empty one would pass for success.
    if json.trim_ascii_start().first() != Some(&b'{') {
        return Err(Fault::Malformed("not a JSON object"));
    }
    // serde_json's errors quote the value they trip over, so none of them is kept.
    let envelope: Envelope =
        serde_json::from_slice(json).map_err(|_| Fault::Malformed("not JSON"))?;
    if envelope.errcode != 0 {
        let errmsg = envelope.errmsg.as_str().unwrap_or_default();
        return Err(Fault::Refused(Refusal::new(envelope.errcode, errmsg)));
    }
    serde_json::from_slice(json).map_err(|_| Fault::Malformed("a field missing or of a wrong type"))
}

/// What every answer has, or leaves out.
#[derive(Deserialize)]
struct Envelope {
    #[serde(default, deserialize_with = "lenient_number")]
    errcode: i64,
    #[serde(default)]
    errmsg: Value,
}

/// A whole number, however WeChat writes it today: `40029`, `"40029"`; `null` is 0.
pub(crate) fn lenient_number<'de, D: Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
    let number = match Value::deserialize(from)? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null => Some(0),
        _ => None,
    };
    number.ok_or_else(|| Error::custom("not a whole number, bare or in quotes"))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[derive(Deserialize, Debug)]
    struct Reply {
        openid: String,
    }

    #[rstest]
    #[case::bare(r#"{"openid":"o/1"}"#)]
    #[case::escaped_slash(r#"{"openid":"o\/1"}"#)]
    #[case::byte_order_mark("\u{feff}{\"openid\":\"o/1\"}")]
    #[case::white_space(" \r\n{\"openid\":\"o/1\"}\n")]
    #[case::errcode_0(r#"{"errcode":0,"errmsg":"ok","openid":"o/1"}"#)]
    #[case::errcode_text_0(r#"{"errcode":"0","openid":"o/1"}"#)]
    #[case::errcode_null(r#"{"errcode":null,"errmsg":null,"openid":"o/1"}"#)]
    #[case::more_fields(r#"{"openid":"o/1","expires_in":7200,"new":{"a":[1]}}"#)]
    fn success_is_read_in_every_dress(#[case] body: &str) {
        assert_eq!(read::<Reply>(body.as_bytes()).unwrap().openid, "o/1");
    }

    #[rstest]
    #[case::number(r#"{"errcode":40029,"errmsg":"invalid code"}"#)]
    #[case::text(r#"{"errcode":"40029","errmsg":"invalid code"}"#)]
    #[case::errmsg_missing(r#"{"errcode":40029}"#)]
    #[case::errmsg_of_a_strange_type(r#"{"errcode":40029,"errmsg":["?"]}"#)]
    #[case::with_fields_all_the_same(r#"{"errcode":40029,"openid":"o/1"}"#)]
    fn an_errcode_is_read_in_every_dress(#[case] body: &str) {
        match read::<Reply>(body.as_bytes()) {
            Err(Fault::Refused(refusal)) => assert_eq!(refusal.code, 40029),
            other => panic!("{other:?}"),
        }
    }

    #[rstest]
    #[case::nothing("")]
    #[case::html("<html>502 Bad Gateway</html>")]
    #[case::half(r#"{"openid":"o/1""#)]
    #[case::array("[]")]
    #[case::array_like_an_envelope(r#"[0,"ok"]"#)]
    #[case::text("\"ok\"")]
    #[case::null("null")]
    #[case::trailing(r#"{"openid":"o/1"} x"#)]
    #[case::errcode_of_words(r#"{"errcode":"bad","openid":"o/1"}"#)]
    #[case::errcode_of_a_strange_type(r#"{"errcode":[],"openid":"o/1"}"#)]
    #[case::field_missing("{}")]
    #[case::field_of_a_wrong_type(r#"{"openid":1}"#)]
    #[case::errcode_of_half(r#"{"errcode":0.5,"openid":"o/1"}"#)]
    #[case::errcode_beyond_64_bits(r#"{"errcode":18446744073709551615,"openid":"o/1"}"#)]
    #[case::not_utf_8(b"{\"openid\":\"\xff\"}")]
    fn anything_else_is_malformed(#[case] body: impl AsRef<[u8]>) {
        let fault = read::<Reply>(body.as_ref()).unwrap_err();
        assert!(matches!(fault, Fault::Malformed(_)), "{fault:?}");
    }
}
