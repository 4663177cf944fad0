//! API keys as OAuth 2.0 clients present them (RFC 6749, section 2.3.1): the key's name as the client's id,
//! the key as its secret, by HTTP Basic or in the form. A bearer token works as everywhere.

use actix_web::HttpRequest;
use actix_web::http::header;
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use url::form_urlencoded;

use crate::http::extractors::api_key::caller;
use crate::http::extractors::{Credentials, Parameters, bearer, extractor};
use crate::http::replies::{ApiError, ErrorCode};
use crate::settings::Scope;

/// Some clients leave the padding out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What the header `Authorization` proves. It is looked at before the body is read; a wrong one is
/// refused, and none is left to [`prove_by_form`].
pub(super) struct HeaderCredentials {
    pub(super) has_proven: bool,
}

extractor!(HeaderCredentials, |request| {
    let header = request.headers().get(header::AUTHORIZATION);
    if let Some(value) = header {
        if let Some(text) = basic(value.as_bytes()) {
            prove_by_text(request, &text)?;
        } else {
            let key = bearer(request)?;
            prove(request, &Credentials::of_key(key.expose()))?;
        }
    }
    let has_proven = header.is_some();
    Ok(Self { has_proven })
});

fn prove(request: &HttpRequest, credentials: &Credentials<'_>) -> Result<(), ApiError> {
    caller(request, credentials, Scope::Introspect).map(drop)
}

/// Takes `client_id` and `client_secret`.
pub(super) fn prove_by_form(request: &HttpRequest, form: &Parameters) -> Result<(), ApiError> {
    let (Some(name), Some(key)) = (form.get("client_id"), form.get("client_secret")) else {
        return Err(ApiError::new(ErrorCode::TokenMissing));
    };
    if form.is_repeated("client_id") || form.is_repeated("client_secret") {
        return Err(ApiError::new(ErrorCode::TokenInvalid));
    }
    let name = Some(name);
    prove(request, &Credentials { name, key })
}

/// The text in `Basic …`; `None` if it is another scheme. What is not base64 of text is empty, which is
/// no key.
fn basic(value: &[u8]) -> Option<String> {
    let value = std::str::from_utf8(value).ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    let is_basic = scheme.eq_ignore_ascii_case("basic");
    is_basic.then(|| {
        let bytes = BASE64.decode(encoded.trim()).unwrap_or_default();
        String::from_utf8(bytes).unwrap_or_default()
    })
}

/// `NAME:KEY`, as they are (RFC 7617) or each form-escaped (RFC 6749): clients do either.
fn prove_by_text(request: &HttpRequest, text: &str) -> Result<(), ApiError> {
    let parts = text.split_once(':');
    let (name, key) = parts.ok_or_else(|| ApiError::new(ErrorCode::TokenInvalid))?;
    let raw = Credentials {
        name: Some(name),
        key,
    };
    let (name, key) = (unescaped(name), unescaped(key));
    let decoded = Credentials {
        name: Some(&name),
        key: &key,
    };
    match prove(request, &raw) {
        Err(error) if error.code() == ErrorCode::TokenInvalid => prove(request, &decoded),
        proven => proven,
    }
}

fn unescaped(text: &str) -> String {
    // A form of one name and no value.
    let text = text.replace('=', "%3D").replace('&', "%26");
    let mut form = form_urlencoded::parse(text.as_bytes());
    form.next()
        .map(|(name, _)| name.into_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_is_decoded_with_and_without_padding_and_other_schemes_are_left_alone() {
        assert_eq!(basic(b"Basic YTpi").as_deref(), Some("a:b"));
        assert_eq!(basic(b"bAsIc YWE6Yg==").as_deref(), Some("aa:b"));
        assert_eq!(basic(b"Basic YWE6Yg").as_deref(), Some("aa:b"));
        assert_eq!(basic(b"Basic ***").as_deref(), Some(""));
        assert_eq!(basic(b"Bearer YTpi"), None);
        assert_eq!(basic(b"Basic"), None);
    }

    #[test]
    fn a_form_escaped_text_is_unescaped() {
        assert_eq!(unescaped("a%2Fb%3Ac+d"), "a/b:c d");
        assert_eq!(unescaped("a=b&c"), "a=b&c");
        assert_eq!(unescaped(""), "");
    }
}
