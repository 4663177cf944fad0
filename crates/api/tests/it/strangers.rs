//! Who is kept out: other sites and hosts in sandbox mode, and who guesses API keys.

use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

use crate::admin_stack::{self, READER};
use crate::program::{Program, command};
use crate::stack::{Answer, Stack, Store};

/// The three listeners of a program in sandbox mode, each with a path that answers 200.
fn listeners(program: &Program) -> [String; 3] {
    let [service, ops, sandbox] = ["serves on ", "metrics on ", "plays WeChat and the phones: "]
        .map(|words| program.address_after(words));
    [
        format!("{service}/.well-known/jwks.json"),
        format!("{ops}/metrics"),
        format!("{sandbox}/sandbox/apps"),
    ]
}

#[tokio::test]
async fn in_sandbox_mode_only_this_machine_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(command(&folder));
    let http = Client::new();
    let status = async |url: &str, headers: &[(&'static str, &'static str)]| {
        let request = headers
            .iter()
            .fold(http.get(url), |request, (name, value)| {
                request.header(*name, *value)
            });
        request.send().await.unwrap().status()
    };
    for url in listeners(&program) {
        for headers in [
            [("host", "evil.example:5000"), ("accept", "*/*")],
            [("host", "127.0.0.1.evil.example"), ("accept", "*/*")],
            [("host", "192.0.2.1:5000"), ("accept", "*/*")],
            [
                ("origin", "https://evil.example"),
                ("sec-fetch-site", "cross-site"),
            ],
            [("accept", "*/*"), ("sec-fetch-site", "cross-site")],
            [("origin", "null"), ("accept", "*/*")],
        ] {
            let found = status(&url, &headers).await;
            assert_eq!(found, StatusCode::FORBIDDEN, "{url} {headers:?}");
        }
        for headers in [
            [("host", "localhost:5000"), ("accept", "*/*")],
            [("host", "[::1]"), ("sec-fetch-site", "none")],
            [
                ("origin", "http://127.0.0.1:5001"),
                ("sec-fetch-site", "same-site"),
            ],
            [
                ("referer", "https://servicewechat.com/wx0/0/page-frame.html"),
                ("accept", "*/*"),
            ],
        ] {
            assert_eq!(
                status(&url, &headers).await,
                StatusCode::OK,
                "{url} {headers:?}"
            );
        }
    }
}

#[tokio::test]
async fn in_sandbox_mode_the_page_of_the_sandbox_may_call_the_service_and_no_other_page() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(command(&folder));
    let service = program.address_after("serves on ");
    let sandbox = program.address_after("plays WeChat and the phones: ");
    let http = Client::new();
    let allowed = async |method: Method, origin: &str| {
        let request = http.request(method, format!("{service}/user/me"));
        let request = request
            .header("origin", origin)
            .header("access-control-request-method", "DELETE")
            .header(
                "access-control-request-headers",
                "authorization,content-type",
            );
        let answer = request.send().await.unwrap();
        let allowed = answer.headers().get("access-control-allow-origin").cloned();
        allowed.map(|origin| origin.to_str().unwrap().to_owned())
    };
    for method in [Method::GET, Method::OPTIONS] {
        let found = allowed(method.clone(), &sandbox).await;
        assert_eq!(found.as_ref(), Some(&sandbox));
        for origin in [
            "http://127.0.0.1:1",
            &sandbox.replace("127.0.0.1", "localhost"),
        ] {
            assert_eq!(allowed(method.clone(), origin).await, None, "{origin}");
        }
    }
    let start = http.get(format!("{sandbox}/page/start.json")).send().await;
    let start: Value = start.unwrap().json().await.unwrap();
    assert_eq!(start["service"], json!(format!("{service}/")));
}

#[tokio::test]
async fn the_sandbox_passes_no_request_on_to_other_hosts() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(command(&folder));
    let sandbox = program.address_after("plays WeChat and the phones: ");
    let http = Client::new();
    let app = &wxsandbox::SandboxConfig::default().apps()[0].app_id.clone();
    for url in [
        "http://192.0.2.1/",
        "http://metadata.internal/latest",
        "http://0.0.0.0:1/",
    ] {
        let changed = http
            .patch(format!("{sandbox}/sandbox/apps/{app}"))
            .json(&json!({ "prefetch_url": url }))
            .send()
            .await
            .unwrap();
        assert_eq!(changed.status(), StatusCode::OK);
        let answer = http
            .post(format!("{sandbox}/phone/alice/prefetch"))
            .send()
            .await
            .unwrap();
        let answer: Value = answer.json().await.unwrap();
        assert_eq!(answer["status"], Value::Null, "{answer:#}");
        assert!(
            answer["body"].as_str().unwrap().contains("--allow-remote"),
            "{answer:#}"
        );
    }
}

#[tokio::test]
async fn guesses_of_api_keys_are_slowed_for_the_address_they_come_from() {
    let stack = Stack::with(Store::Sqlite, |settings| {
        settings.admin.api_keys = admin_stack::keys();
        settings.server.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    })
    .await;
    let ask = async |address: &str, key: &str| {
        let request = stack.request(Method::GET, "/admin/users");
        let request = request.header("x-forwarded-for", address).bearer_auth(key);
        Answer::read(request.send().await.unwrap()).await
    };
    let mut refused = None;
    for guess in 0..200 {
        let answer = ask("198.51.100.1", &format!("guess-number-{guess:08}")).await;
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            refused = Some(answer);
            break;
        }
        answer.refused(401, "token_invalid");
    }
    let refused = refused.unwrap();
    refused.refused(429, "rate_limited");
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!(wait <= 2, "{wait}");
    // The operator elsewhere notices nothing, and the one at the same address little.
    ask("198.51.100.2", READER).await.data();
    crate::stack::soon("the right key to be taken", || async {
        (ask("198.51.100.1", READER).await.status == StatusCode::OK).then_some(())
    })
    .await;
}
