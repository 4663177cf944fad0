//! The parts of the document that all operations and responses share.

use std::collections::HashSet;

use heck::ToLowerCamelCase;
use serde_json::{Value, json};
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{OpenApi, RefOr, Schema};

use super::failures;
use crate::http::replies::ErrorCode;

/// Completes what an endpoint says of itself, which has these failures of its own.
pub(super) fn describe(part: &mut OpenApi, own: &[&[ErrorCode]]) {
    for (path, item) in &mut part.paths.paths {
        for (_, operation) in operations(item) {
            place(operation, path);
        }
        name_apart(item);
        for (_, operation) in operations(item) {
            failures::add(operation, own);
            body_or_none(operation);
            name_the_request(operation);
            // An operation without `security` would leave it open whether a token is needed.
            operation.security.get_or_insert_default();
        }
        if let Some(head) = &mut item.head {
            without_bodies(head);
        }
    }
}

pub(super) fn finish(document: &mut OpenApi) {
    let components = document.components.get_or_insert_default();
    for (name, schema) in &mut components.schemas {
        if !name.ends_with("Body") {
            never_null(schema);
        }
    }
    components
        .schemas
        .insert(failures::FAILURE.to_owned(), failures::schema().into());
}

/// The operations of a path, each with what tells it from others of its handler.
fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    let operations = [
        ("", &mut item.post),
        ("ByGet", &mut item.get),
        ("ByPut", &mut item.put),
        ("ByPatch", &mut item.patch),
        ("ByDelete", &mut item.delete),
        ("ByHead", &mut item.head),
    ];
    let operations = operations.into_iter();
    operations.filter_map(|(suffix, operation)| Some((suffix, operation.as_mut()?)))
}

/// What follows from the path and the handler's name.
fn place(operation: &mut Operation, path: &str) {
    let tag = match path.split('/').nth(1) {
        Some("user" | "avatars") => "user",
        Some("auth" | ".well-known") => "auth",
        Some("admin") => "admin",
        Some("wechat") => "push",
        _ => "about",
    };
    operation.tags = Some(vec![tag.to_owned()]);
    if tag == "admin" {
        let key = SecurityRequirement::new("apiKey", Vec::<String>::new());
        operation.security = Some(vec![key]);
    }
    let name = operation.operation_id.take();
    operation.operation_id = name.map(|name| name.to_lower_camel_case());
}

/// A handler that serves several methods is several operations, and each needs its own name.
fn name_apart(item: &mut PathItem) {
    let mut taken = HashSet::new();
    for (suffix, operation) in operations(item) {
        if let Some(id) = &mut operation.operation_id
            && !taken.insert(id.clone())
        {
            id.push_str(suffix);
        }
    }
}

/// A body that may be left out is still no `null`.
fn body_or_none(operation: &mut Operation) {
    if let Some(RefOr::T(body)) = &mut operation.request_body {
        for content in body.content.values_mut() {
            if let RefOr::T(content) = content {
                content.schema.iter_mut().for_each(never_null);
            }
        }
    }
}

fn name_the_request(operation: &mut Operation) {
    for response in operation.responses.responses.values_mut() {
        if let RefOr::T(response) = response {
            let header =
                failures::text_header("The request's name: the caller's, if it sent a sane one.");
            response
                .headers
                .insert("X-Request-Id".to_owned(), header.into());
        }
    }
}

fn without_bodies(head: &mut Operation) {
    for response in head.responses.responses.values_mut() {
        if let RefOr::T(response) = response {
            response.content.clear();
        }
    }
}

/// In answers what is not known is left out: the `Option` of a field says that, and not `null`.
fn never_null(schema: &mut RefOr<Schema>) {
    let mut value = json!(schema);
    without_null(&mut value);
    if let Ok(known) = serde_json::from_value(value) {
        *schema = known;
    }
}

fn without_null(schema: &mut Value) {
    match schema {
        Value::Array(parts) => parts.iter_mut().for_each(without_null),
        Value::Object(parts) => {
            parts.values_mut().for_each(without_null);
            for (list, null) in [("type", json!("null")), ("oneOf", json!({"type": "null"}))] {
                let Some(Value::Array(kinds)) = parts.get_mut(list) else {
                    continue;
                };
                kinds.retain(|kind| *kind != null);
                match (list, kinds.as_mut_slice()) {
                    ("type", [only]) => {
                        let only = only.take();
                        parts.insert("type".to_owned(), only);
                    }
                    ("oneOf", [only]) => {
                        let only = only.take();
                        *schema = only;
                        return;
                    }
                    _ => {}
                }
            }
        }
        _ => {}
    }
}
