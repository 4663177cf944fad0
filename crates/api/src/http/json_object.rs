//! A request body that is a JSON object, read leniently in form and strictly in kind.

use std::fmt;
use std::marker::PhantomData;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Deserializer, MapAccess, Visitor};

use super::error::ApiError;
use super::error_code::ErrorCode;
use super::raw_body::RawBody;

/// The body of a request. A missing Content-Type is taken as JSON; a `null` is as absent; fields
/// nobody knows are ignored.
pub(super) struct JsonObject<T>(pub(super) T);

impl<T: DeserializeOwned + 'static> FromRequest for JsonObject<T> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        if !says_json(request) {
            return std::future::ready(Err(ApiError::new(ErrorCode::UnsupportedMediaType)))
                .boxed_local();
        }
        let body = RawBody::from_request(request, payload);
        async move { parse(&body.await?.0).map(Self) }.boxed_local()
    }
}

/// A body that may be left out; then everything in it is absent.
pub(super) struct OptionalJsonObject<T>(pub(super) T);

impl<T: DeserializeOwned + Default + 'static> FromRequest for OptionalJsonObject<T> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let says_json = says_json(request);
        let body = RawBody::from_request(request, payload);
        async move {
            let RawBody(body) = body.await?;
            if body.is_empty() {
                return Ok(Self(T::default()));
            }
            if !says_json {
                return Err(ApiError::new(ErrorCode::UnsupportedMediaType));
            }
            parse(&body).map(Self)
        }
        .boxed_local()
    }
}

fn says_json(request: &HttpRequest) -> bool {
    let text = |name| {
        request
            .headers()
            .get(name)
            .map(|value| value.to_str().unwrap_or("?"))
    };
    let is_plain =
        text(header::CONTENT_ENCODING).is_none_or(|coding| coding.eq_ignore_ascii_case("identity"));
    let is_json = text(header::CONTENT_TYPE).is_none_or(|kind| {
        let kind = kind
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        kind.is_empty()
            || kind == "text/json"
            || kind == "application/json"
            || kind.ends_with("+json")
    });
    is_plain && is_json
}

/// Reads a JSON object, and names the field that is wrong.
fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    if body.is_empty() {
        return Err(ApiError::invalid("请求体为空，应为 JSON 对象"));
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
pub(super) struct Object<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Object)
    }
}

/// A text whose bytes matter, because a signature is over them. Half a surrogate pair, which a
/// JavaScript string can hold and a Rust string cannot, is kept in three bytes.
pub(super) struct ExactText(pub(super) Vec<u8>);

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
}
