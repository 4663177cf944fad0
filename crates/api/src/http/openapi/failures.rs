//! The failures of an operation, and the schema of a failure.

use std::collections::BTreeMap;

use serde_json::json;
use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::schema::{AllOfBuilder, ObjectBuilder, Type};
use utoipa::openapi::{
    ContentBuilder, HeaderBuilder, Ref, RefOr, Response, ResponseBuilder, Schema,
};

use crate::http::replies::ErrorCode::{
    self, Forbidden, HeadersTooLarge, Internal, InvalidRequest, NotFound, Overloaded,
    PayloadTooLarge, RateLimited, SessionRevoked, StorageUnavailable, TokenExpired, TokenInvalid,
    TokenMissing, UnsupportedMediaType,
};

pub(super) const FAILURE: &str = "Failure";

/// Every operation's.
const ALWAYS: &[ErrorCode] = &[HeadersTooLarge, Internal, Overloaded];
/// Of those that need a user's token.
const TOKEN: &[ErrorCode] = &[
    TokenMissing,
    TokenInvalid,
    TokenExpired,
    SessionRevoked,
    StorageUnavailable,
];
/// Of those that need an API key.
const KEY: &[ErrorCode] = &[
    TokenMissing,
    TokenInvalid,
    Forbidden,
    RateLimited,
    StorageUnavailable,
];
/// Of those that read a body.
const BODY: &[ErrorCode] = &[InvalidRequest, PayloadTooLarge, UnsupportedMediaType];
fn of(operation: &Operation, own: &[&[ErrorCode]]) -> Vec<ErrorCode> {
    let mut codes = ALWAYS.to_vec();
    let security = json!(operation.security).to_string();
    if security.contains("token") {
        codes.extend(TOKEN);
    }
    if security.contains("apiKey") {
        codes.extend(KEY);
    }
    // An unknown query parameter.
    if operation.tags.iter().flatten().any(|tag| tag == "admin") {
        codes.push(InvalidRequest);
    }
    if operation.request_body.is_some() {
        codes.extend(BODY);
    }
    for parameter in operation.parameters.iter().flatten() {
        if let RefOr::T(parameter) = parameter {
            codes.push(match parameter.parameter_in {
                ParameterIn::Path => NotFound,
                _ => InvalidRequest,
            });
        }
    }
    codes.extend(own.iter().copied().flatten());
    codes
}

/// Adds an operation's failures to its answers: those that follow from it, and its own.
pub(super) fn add(operation: &mut Operation, own: &[&[ErrorCode]]) {
    let mut by_status: BTreeMap<u16, Vec<ErrorCode>> = BTreeMap::new();
    for code in of(operation, own) {
        let codes = by_status.entry(code.entry().status).or_default();
        if !codes.contains(&code) {
            codes.push(code);
        }
    }
    for (status, codes) in by_status {
        let answers = &mut operation.responses.responses;
        answers.insert(status.to_string(), response(status, &codes).into());
    }
}

fn response(status: u16, codes: &[ErrorCode]) -> Response {
    let lines = codes.iter().map(|code| {
        let entry = code.entry();
        format!("- `{}`: {} {}", entry.id, entry.meaning, entry.action)
    });
    let mut response = ResponseBuilder::new()
        .description(lines.collect::<Vec<_>>().join("\n"))
        .content(
            "application/json",
            ContentBuilder::new().schema(Some(narrowed(codes))).build(),
        );
    if status == 401 {
        response = response.header("WWW-Authenticate", text_header("`Bearer`."));
    }
    if matches!(status, 429 | 503) {
        response = response.header("Retry-After", text_header("Seconds to wait."));
    }
    response.build()
}

pub(super) fn text_header(description: &str) -> utoipa::openapi::Header {
    HeaderBuilder::new()
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .description(Some(description))
        .build()
}

/// A failure with one of these ids.
fn narrowed(codes: &[ErrorCode]) -> Schema {
    let ids = codes.iter().map(|code| code.entry().id);
    let ids = ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(ids));
    AllOfBuilder::new()
        .item(Ref::from_schema_name(FAILURE))
        .item(ObjectBuilder::new().property("error", ids))
        .into()
}

pub(super) fn schema() -> Schema {
    let ids = ErrorCode::ALL.iter().map(|code| code.entry().id);
    let schema = json!({
        "type": "object",
        "description": "The body of every failure.",
        "required": ["code", "msg", "error", "requestId"],
        "properties": {
            "code": {"type": "integer", "description": "The HTTP status.", "maximum": 599, "minimum": 400},
            "msg": {"type": "string", "description": "A short sentence in Chinese."},
            "error": {"type": "string", "enum": ids.collect::<Vec<_>>()},
            "requestId": {"type": "string", "description": "The X-Request-Id."},
            "reason": {
                "type": "string",
                "description": "Why open data is not believed, for a caller with a session.",
                "enum": ["malformed", "other_app", "other_user", "too_old"],
            },
            "retryAfter": {
                "type": "integer",
                "description": "Seconds to wait, as in the header Retry-After.",
                "minimum": 1,
            },
        },
    });
    serde_json::from_value(schema).unwrap_or_default()
}
