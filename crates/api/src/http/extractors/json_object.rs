//! A request body that is a JSON object, lenient about form and strict about types.

use std::fmt;
use std::marker::PhantomData;

use actix_web::HttpRequest;
use actix_web::http::header;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Deserializer, Error, MapAccess, Unexpected, Visitor};
use serde_json::Value;

use super::RawBody;
use crate::http::replies::{ApiError, ErrorCode};

/// The body of a request. A missing Content-Type is taken as JSON; a `null` is as absent; unknown
/// fields are ignored.
pub(crate) struct JsonObject<T>(pub(crate) T);

extractor!(JsonObject<T> where T: DeserializeOwned, |request| {
    check_media_type(request)?;
    let RawBody(body) = RawBody::extract(request).into_inner()?;
    parse(&body).map(Self)
});

/// A body that may be left out.
pub(crate) struct OptionalJsonObject<T>(pub(crate) Option<T>);

extractor!(OptionalJsonObject<T> where T: DeserializeOwned, |request| {
    let RawBody(body) = RawBody::extract(request).into_inner()?;
    if body.is_empty() {
        return Ok(Self(None));
    }
    check_media_type(request)?;
    parse(&body).map(|object| Self(Some(object)))
});

fn check_media_type(request: &HttpRequest) -> Result<(), ApiError> {
    let coding = request.headers().get(header::CONTENT_ENCODING);
    let is_plain = coding.is_none_or(|coding| coding.as_bytes().eq_ignore_ascii_case(b"identity"));
    let is_json = media_type(request).is_none_or(|kind| {
        matches!(&*kind, "" | "text/json" | "application/json") || kind.ends_with("+json")
    });
    if is_plain && is_json {
        return Ok(());
    }
    Err(ApiError::new(ErrorCode::UnsupportedMediaType))
}

/// What `Content-Type` says, in lower case and without parameters.
pub(crate) fn media_type(request: &HttpRequest) -> Option<String> {
    let kind = request.headers().get(header::CONTENT_TYPE)?.to_str();
    let kind = kind.unwrap_or("?").split(';').next()?;
    Some(kind.trim().to_ascii_lowercase())
}

pub(crate) fn no_body() -> ApiError {
    ApiError::invalid("请求体为空，应为 JSON 对象")
}

/// Reads a JSON object, and names the field that is wrong.
pub(crate) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    if body.is_empty() {
        return Err(no_body());
    }
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let object =
        serde_path_to_error::deserialize::<_, Object<T>>(&mut deserializer).map_err(|error| {
            let path = error.path().to_string();
            if !error.inner().is_data() {
                ApiError::invalid("请求体不是合法的 JSON")
            } else if path == "." {
                ApiError::invalid("请求体应为 JSON 对象")
            } else {
                ApiError::invalid(format!("字段 {path} 的类型不正确"))
            }
        })?;
    deserializer
        .end()
        .map_err(|_| ApiError::invalid("请求体不是合法的 JSON"))?;
    Ok(object.0)
}

/// A JSON object and not, as serde would also have it, an array of the fields in order.
pub(crate) struct Object<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let object = object_or_empty(deserializer)?.map(Self);
        object.ok_or_else(|| D::Error::custom("expected an object"))
    }
}

/// For an optional object: `""` is as absent, because front ends write `x || ''`.
pub(crate) fn object_or_empty<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    deserializer.deserialize_any(ObjectOrEmpty(PhantomData))
}

struct ObjectOrEmpty<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectOrEmpty<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Option<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Some)
    }

    fn visit_unit<E>(self) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Option<T>, E> {
        if text.is_empty() {
            return Ok(None);
        }
        Err(E::invalid_type(Unexpected::Str(text), &self))
    }
}

/// For an optional flag or number: `""` is as absent.
pub(crate) fn value_or_empty<'de, T: DeserializeOwned, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::String(text) if text.is_empty() => Ok(None),
        value => Option::<T>::deserialize(value).map_err(D::Error::custom),
    }
}

/// A text a user typed. Half a surrogate pair, left of an emoji that the page cut in two, becomes
/// U+FFFD.
pub(crate) struct TypedText(pub(crate) String);

impl<'de> Deserialize<'de> for TypedText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let ExactText(bytes) = ExactText::deserialize(deserializer)?;
        Ok(Self(String::from_utf8(bytes).unwrap_or_else(|error| {
            wxcrypto::mend::text(error.as_bytes()).into_owned()
        })))
    }
}

/// A text whose bytes matter, because a signature is over them. Half a surrogate pair, which a
/// JavaScript string can hold and a Rust string cannot, is kept in three bytes.
pub(crate) struct ExactText(pub(crate) Vec<u8>);

impl<'de> Deserialize<'de> for ExactText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_byte_buf(ExactTextVisitor)
    }
}

struct ExactTextVisitor;

impl Visitor<'_> for ExactTextVisitor {
    type Value = ExactText;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<ExactText, E> {
        Ok(ExactText(bytes.to_vec()))
    }

    fn visit_str<E>(self, text: &str) -> Result<ExactText, E> {
        Ok(ExactText(text.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize, Debug)]
    struct Body {
        inner: Option<Object<Inner>>,
    }

    #[derive(Deserialize, Debug)]
    struct Inner {
        text: Option<String>,
    }

    impl<T: fmt::Debug> fmt::Debug for Object<T> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.fmt(f)
        }
    }

    fn complaint(body: &str) -> String {
        format!("{:?}", parse::<Body>(body.as_bytes()).unwrap_err())
    }

    #[test]
    fn the_wrong_field_is_named_with_its_path() {
        assert!(complaint(r#"{"inner":{"text":5}}"#).contains("inner.text"));
        assert!(complaint(r#"{"inner":["a"]}"#).contains("inner"));
    }

    #[test]
    fn a_text_whose_bytes_matter_keeps_them() {
        let bytes = |json: &[u8]| serde_json::from_slice::<ExactText>(json).map(|text| text.0);
        assert_eq!(
            bytes(br#""a\u00e9\ud83d\/b""#).unwrap(),
            b"a\xC3\xA9\xED\xA0\xBD/b"
        );
        assert_eq!(bytes(b"\"a\xff\x07\"").unwrap(), b"a\xff\x07");
        for json in ["[97]", "7", "{}", "\"a"] {
            assert!(bytes(json.as_bytes()).is_err(), "{json}");
        }
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for body in ["", "[]", "\"text\"", "5", "null", "{", "{}x", "\u{feff}x"] {
            assert!(parse::<Body>(body.as_bytes()).is_err(), "{body}");
        }
    }

    #[test]
    fn null_is_as_absent_and_unknown_fields_are_ignored() {
        let body: Body = parse(br#"{"inner":{"text":null,"other":1},"more":[]}"#).unwrap();
        assert!(body.inner.unwrap().0.text.is_none());
        assert!(parse::<Body>(br#"{"inner":null}"#).unwrap().inner.is_none());
    }

    #[derive(Deserialize, Debug)]
    struct Loose {
        #[serde(default, deserialize_with = "object_or_empty")]
        object: Option<Inner>,
        #[serde(default, deserialize_with = "value_or_empty")]
        flag: Option<bool>,
    }

    #[test]
    fn an_empty_text_is_as_absent() {
        for body in [
            "{}",
            r#"{"object":"","flag":""}"#,
            r#"{"object":null,"flag":null}"#,
        ] {
            let loose: Loose = parse(body.as_bytes()).unwrap();
            assert!(loose.object.is_none() && loose.flag.is_none(), "{body}");
        }
        let loose: Loose = parse(br#"{"object":{"text":"a"},"flag":true}"#).unwrap();
        assert_eq!(loose.object.unwrap().text.as_deref(), Some("a"));
        assert_eq!(loose.flag, Some(true));
        for (body, named) in [
            (r#"{"object":"x"}"#, "object"),
            (r#"{"object":[]}"#, "object"),
            (r#"{"flag":" "}"#, "flag"),
            (r#"{"flag":1}"#, "flag"),
        ] {
            let error = parse::<Loose>(body.as_bytes()).unwrap_err();
            assert!(format!("{error:?}").contains(named), "{body}");
        }
    }

    #[test]
    fn half_a_pair_in_a_typed_text_is_one_replacement_character() {
        let text = |json: &[u8]| serde_json::from_slice::<TypedText>(json).map(|text| text.0);
        assert_eq!(text(br#""a\ud83d""#).unwrap(), "a\u{fffd}");
        assert_eq!(text(br#""a\ud83d\ude00""#).unwrap(), "a😀");
        assert!(text(b"5").is_err());
    }
}
