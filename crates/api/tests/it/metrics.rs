//! What is counted, and how it is shown.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use serde_json::json;
use wxsandbox::OpenDataOptions;

use crate::stack::{Stack, Store, soon};

/// The samples of a page by their name and labels.
async fn samples(stack: &Stack) -> BTreeMap<String, f64> {
    let (_, page) = stack.ops("/metrics").await;
    page.lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            (name.to_owned(), value.parse().unwrap())
        })
        .collect()
}

/// What makes each counter count.
async fn use_everything(stack: &Stack) {
    let login = stack.logged_in("alice").await;
    stack
        .login(&json!({ "platCode": "spent" }))
        .await
        .refused(401, "code_invalid");
    let refresh = |token: &serde_json::Value| {
        let body = json!({ "refreshToken": token });
        async move {
            stack
                .send(Method::POST, "/user/refresh", None, Some(&body))
                .await
        }
    };
    let second = refresh(&login["refreshToken"]).await.data();
    let third = refresh(&second["refreshToken"]).await.data();
    stack.me(&third["token"]).await.data();
    refresh(&login["refreshToken"])
        .await
        .refused(401, "refresh_reused");
    let other = stack.logged_in("bob").await;
    let path = "/user/logout";
    stack
        .send(Method::POST, path, other["token"].as_str(), None)
        .await
        .data();
}

#[tokio::test]
async fn each_thing_that_happens_is_counted_once() {
    let stack = Stack::new(Store::Sqlite).await;
    use_everything(&stack).await;
    let app = stack.app_id(0);
    let found = samples(&stack).await;
    let session = "/sns/jscode2session";
    for (sample, value) in [
        (format!("logins_total{{app=\"{app}\",outcome=\"ok\"}}"), 2.0),
        (
            format!("logins_total{{app=\"{app}\",outcome=\"code_invalid\"}}"),
            1.0,
        ),
        (String::from("sessions_refreshed_total"), 2.0),
        (String::from("sessions_replayed_total"), 1.0),
        (String::from("sessions_ended_total"), 1.0),
        (
            format!("wechat_requests_total{{api=\"{session}\",outcome=\"ok\"}}"),
            2.0,
        ),
        (
            format!("wechat_requests_total{{api=\"{session}\",outcome=\"40029\"}}"),
            1.0,
        ),
        (
            format!("wechat_request_duration_seconds_count{{api=\"{session}\"}}"),
            3.0,
        ),
        (format!("wechat_breaker_open{{api=\"{session}\"}}"), 0.0),
        (
            String::from("commit_batch_items_total{queue=\"visits\"}"),
            2.0,
        ),
        (String::from("commit_queue_items{queue=\"visits\"}"), 0.0),
        (String::from("database_calls_waiting"), 0.0),
        (String::from("database_connections_in_use"), 0.0),
        (String::from("wxlogin_sandbox_mode"), 0.0),
        (
            format!(
                "wxlogin_build_info{{version=\"{}\"}}",
                env!("CARGO_PKG_VERSION")
            ),
            1.0,
        ),
    ] {
        assert_eq!(found.get(&sample), Some(&value), "{sample} of {found:#?}");
    }
}

/// The metrics with that of the remaining phone numbers, which is read after a lookup.
async fn page_after_a_phone_number(stack: &Stack) -> String {
    let login = stack.logged_in("carol").await;
    let phone = stack.phone("carol");
    let number = phone.phone_number(&OpenDataOptions::default()).unwrap();
    let body = json!({ "code": number.code });
    let token = login["token"].as_str();
    stack
        .send(Method::POST, "/user/phone", token, Some(&body))
        .await
        .data();
    soon("the metric of phone numbers", || async {
        let (_, page) = stack.ops("/metrics").await;
        page.contains("wechat_phone_numbers_left{").then_some(page)
    })
    .await
}

#[tokio::test]
async fn the_page_of_metrics_lists_those_that_are_shown() {
    let stack = Stack::new(Store::Sqlite).await;
    use_everything(&stack).await;
    let page = page_after_a_phone_number(&stack).await;
    let types = page.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let shown: BTreeSet<String> = types.map(str::to_owned).collect();
    let documented = api::metrics_page(false);
    let rows = documented
        .lines()
        .filter_map(|line| line.strip_prefix("| `"));
    let listed: BTreeSet<String> = rows
        .map(|row| {
            let mut cells = row.split(" | ");
            let name = cells.next().unwrap().trim_end_matches('`').to_owned();
            format!("{name} {}", cells.next().unwrap())
        })
        .collect();
    assert_eq!(shown, listed);
}

/// A label that a caller can make up would be a time series for each text they think of.
#[tokio::test]
async fn callers_cannot_make_up_labels() {
    let stack = Stack::new(Store::Sqlite).await;
    let before = samples(&stack).await.len();
    for number in 0..20 {
        let method = Method::from_bytes(format!("M{number}").as_bytes()).unwrap();
        let path = format!("/nothing/{number}");
        stack.send(method, &path, None, None).await;
        let body = json!({ "platCode": "x", "appId": format!("wx{number}") });
        stack.login(&body).await.refused(400, "unknown_app");
    }
    let found = samples(&stack).await;
    let more = found.len() - before;
    // Two routes: 13 buckets, a sum and a count each, and two counters of answers.
    assert!(more <= 2 * 15 + 2, "{found:#?}");
    let text = format!("{:?}", found.keys());
    assert!(!text.contains("M1") && !text.contains("nothing"), "{text}");
}

#[tokio::test]
async fn a_gateway_below_the_verify_path_is_counted_under_its_route() {
    let stack = Stack::new(Store::Sqlite).await;
    let path = "/auth/verify/orders/1";
    stack.send(Method::PUT, path, None, None).await;
    let (_, page) = stack.ops("/metrics").await;
    assert!(page.contains("route=\"/auth/verify\""), "{page}");
    assert!(!page.contains("tail"), "{page}");
}

#[tokio::test]
async fn the_page_names_no_person() {
    let stack = Stack::new(Store::Sqlite).await;
    let login = stack.logged_in("alice").await;
    let (_, page) = stack.ops("/metrics").await;
    for field in ["userId", "openId", "unionId", "token"] {
        let text = login[field].as_str().unwrap();
        assert!(!page.contains(text), "{field}");
    }
}
