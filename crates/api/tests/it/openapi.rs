//! The OpenAPI document: what it says is what there is.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Stdio;

use reqwest::Method;
use serde_json::Value;

use crate::stack::{Stack, Store};
use crate::{program, push_stack};

const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

async fn document(stack: &Stack) -> Value {
    let answer = stack.send(Method::GET, "/openapi.json", None, None).await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    answer.body
}

/// The methods of each path, in upper case.
fn routes(document: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let paths = document["paths"].as_object().unwrap();
    let methods = |item: &Value| {
        let names = item.as_object().unwrap().keys();
        let methods = names.filter(|name| METHODS.contains(&name.as_str()));
        methods.map(|name| name.to_uppercase()).collect()
    };
    paths
        .iter()
        .map(|(path, item)| (path.clone(), methods(item)))
        .collect()
}

/// The path with something in its gaps that is there, or could be.
fn filled(path: &str, stack: &Stack) -> String {
    path.replace("{appId}", &stack.app_id(0))
        .replace("{file}", "index.css")
        .replace("{id}", "0198c5a0-0000-7000-8000-000000000000")
}

#[tokio::test]
async fn every_path_answers_to_exactly_the_methods_of_the_document() {
    let mut stack = push_stack::stack(Store::Sqlite).await;
    // The metadata of the issuer is there if it is a URL.
    let issuer = String::from("https://login.example.com");
    stack
        .restart_with(|settings| settings.tokens.issuer = issuer)
        .await;
    for (path, methods) in routes(&document(&stack).await) {
        let url = filled(&path, &stack);
        for method in &methods {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let status = stack.send(method.clone(), &url, None, None).await.status;
            // There is no picture of that name.
            if path == "/avatars/{name}" {
                assert_eq!(status.as_u16(), 404);
                continue;
            }
            assert!(
                ![404, 405].contains(&status.as_u16()),
                "{method} {path}: {status}"
            );
        }
        // A gateway may ask with any method.
        if path == "/auth/verify" {
            continue;
        }
        let refused = stack.send(Method::TRACE, &url, None, None).await;
        refused.refused(405, "method_not_allowed");
        let allowed = refused.header("allow").unwrap().split(", ");
        let allowed: BTreeSet<String> = allowed.map(str::to_owned).collect();
        assert_eq!(allowed, methods, "{path}");
    }
}

#[tokio::test]
async fn the_document_is_whole() {
    let stack = Stack::new(Store::Sqlite).await;
    let document = document(&stack).await;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."));
    let tags = document["tags"].as_array().unwrap();
    let tags: BTreeSet<&str> = tags.iter().filter_map(|tag| tag["name"].as_str()).collect();
    let schemes = document["components"]["securitySchemes"]
        .as_object()
        .unwrap();
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let place = format!("{method} {path}");
            let text = |name: &str| operation[name].as_str().unwrap_or_default().to_owned();
            assert!(!text("summary").is_empty(), "{place}");
            assert!(ids.insert(text("operationId")), "{place}");
            let own = operation["tags"].as_array().unwrap();
            assert!(
                own.iter().all(|tag| tags.contains(tag.as_str().unwrap())),
                "{place}"
            );
            for needed in operation["security"].as_array().into_iter().flatten() {
                let names = needed.as_object().unwrap().keys();
                assert!(
                    names.into_iter().all(|name| schemes.contains_key(name)),
                    "{place}"
                );
            }
            for (status, response) in operation["responses"].as_object().unwrap() {
                assert!(response["description"].is_string(), "{place} {status}");
            }
            assert!(operation["responses"]["200"].is_object(), "{place}");
            assert!(operation["responses"]["503"].is_object(), "{place}");
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let in_path = parameters.filter(|parameter| parameter["in"] == "path");
            let gaps: BTreeSet<String> = in_path
                .map(|parameter| format!("{{{}}}", parameter["name"].as_str().unwrap()))
                .collect();
            let parts = path.split('/').filter(|part| part.starts_with('{'));
            assert_eq!(gaps, parts.map(str::to_owned).collect(), "{place}");
        }
    }
    for reference in references(&document) {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

/// A generator of clients takes a missing `security` for "as the document says elsewhere".
#[tokio::test]
async fn every_operation_that_refuses_who_has_no_key_says_which_it_needs_and_no_other_does() {
    let stack = push_stack::stack(Store::Sqlite).await;
    let document = document(&stack).await;
    for (path, methods) in routes(&document) {
        let url = filled(&path, &stack);
        for name in methods {
            let operation = &document["paths"][path.as_str()][name.to_lowercase()];
            let security = operation["security"].as_array().unwrap();
            let method = Method::from_bytes(name.as_bytes()).unwrap();
            let status = stack.send(method, &url, None, None).await.status;
            assert_eq!(
                status == 401,
                !security.is_empty(),
                "{name} {path}: {status}"
            );
        }
    }
}

/// Generators drop a schema with a list of they know not what.
#[tokio::test]
async fn every_list_says_of_what() {
    let stack = Stack::new(Store::Sqlite).await;
    let lists = lists(&document(&stack).await);
    assert!(lists.len() > 5);
    for list in lists {
        assert!(list["items"].is_object(), "{list}");
    }
}

fn lists(value: &Value) -> Vec<Value> {
    let below: Vec<Value> = match value {
        Value::Object(members) => members.values().flat_map(lists).collect(),
        Value::Array(items) => items.iter().flat_map(lists).collect(),
        _ => Vec::new(),
    };
    let is_list = value["type"] == "array"
        || value["type"]
            .as_array()
            .is_some_and(|kinds| kinds.contains(&Value::from("array")));
    is_list
        .then(|| value.clone())
        .into_iter()
        .chain(below)
        .collect()
}

fn references(value: &Value) -> Vec<String> {
    match value {
        Value::Object(members) => {
            let own = members.get("$ref").and_then(Value::as_str);
            let below = members.values().flat_map(references);
            own.map(str::to_owned).into_iter().chain(below).collect()
        }
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

#[tokio::test]
async fn the_command_prints_what_is_served() {
    let stack = Stack::new(Store::Sqlite).await;
    let folder = tempfile::tempdir().unwrap();
    let output = program::command(&folder).arg("openapi").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let served = stack
        .request(Method::GET, "/openapi.json")
        .send()
        .await
        .unwrap();
    assert_eq!(served.bytes().await.unwrap(), output.stdout);
}

#[test]
fn a_reader_who_has_seen_enough_is_no_failure() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = program::command(&folder)
        .arg("openapi")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // More than a pipe holds, so it is still writing when the reader is gone.
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

#[tokio::test]
async fn the_page_has_all_its_files_here() {
    let stack = Stack::new(Store::Sqlite).await;
    let page = stack.send(Method::GET, "/docs", None, None).await;
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    let html = page.body.as_str().unwrap();
    let links = html.split(['"', '\'']).collect::<Vec<_>>();
    let files: Vec<&str> = links
        .windows(2)
        .filter(|pair| pair[0].ends_with("src=") || pair[0].ends_with("href="))
        .map(|pair| pair[1])
        .collect();
    assert!(files.len() >= 4, "{html}");
    for file in files {
        let path = file.strip_prefix("./").unwrap();
        let answer = stack
            .send(Method::GET, &format!("/{path}"), None, None)
            .await;
        assert_eq!(answer.status, 200, "{file}");
    }
    // At the other address the same links lead to the same files.
    let below = stack.send(Method::GET, "/docs/", None, None).await;
    let below = below.body.as_str().unwrap();
    assert!(below.contains("<base href=\"../\">"), "{below}");
    assert_eq!(below.replace("<base href=\"../\">", ""), html);
    let script = stack
        .send(Method::GET, "/docs/swagger-initializer.js", None, None)
        .await;
    let script = script.body.as_str().unwrap().to_owned();
    assert!(script.contains("./openapi.json"), "{script}");
    stack
        .send(Method::GET, "/docs/nothing.js", None, None)
        .await
        .refused(404, "not_found");
}
