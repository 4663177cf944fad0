//! Who may call what is not for mini programs.

use reqwest::Method;
use rstest::rstest;

use crate::admin_stack::{
    EVERYTHING, INTROSPECTOR, READER, TOKEN_TAKER, WRITER, ask, logged_in_to, stack,
};
use crate::stack::{Answer, Stack, Store};

const UNKNOWN_USER: &str = "01920000-0000-7000-8000-000000000000";

/// Every endpoint for keys, with the key that has its scope.
fn endpoints() -> Vec<(Method, String, &'static str)> {
    let (get, post, delete) = (Method::GET, Method::POST, Method::DELETE);
    let user = format!("/admin/users/{UNKNOWN_USER}");
    let merge = format!("/admin/merges/{UNKNOWN_USER}");
    vec![
        (get.clone(), String::from("/admin/users"), READER),
        (get.clone(), user.clone(), READER),
        (get.clone(), String::from("/admin/merges"), READER),
        (get.clone(), String::from("/admin/bans"), READER),
        (get.clone(), String::from("/admin/audit"), READER),
        (
            delete.clone(),
            format!("/admin/bans/{UNKNOWN_USER}"),
            WRITER,
        ),
        (post.clone(), format!("{user}/disable"), WRITER),
        (post.clone(), format!("{user}/enable"), WRITER),
        (delete.clone(), user.clone(), WRITER),
        (delete, format!("{user}/sessions"), WRITER),
        (post.clone(), format!("{merge}/apply"), WRITER),
        (post.clone(), format!("{merge}/dismiss"), WRITER),
        (post, String::from("/auth/introspect"), INTROSPECTOR),
        (get, String::from("/auth/wechat-token"), TOKEN_TAKER),
    ]
}

#[tokio::test]
async fn with_no_key_configured_none_of_it_is_there() {
    let stack = Stack::new(Store::Sqlite).await;
    for (method, path, key) in endpoints() {
        for method in [method, Method::PUT] {
            let answer = stack.send(method, &path, Some(key), None).await;
            answer.refused(404, "not_found");
        }
    }
}

#[tokio::test]
async fn without_a_key_or_with_a_wrong_one_every_request_is_refused() {
    let stack = stack(Store::Sqlite).await;
    let login = stack.logged_in("alice").await;
    for (method, path, _) in endpoints() {
        let with = async |key| stack.send(method.clone(), &path, key, None).await;
        let missing = with(None).await;
        missing.refused(401, "token_missing");
        assert_eq!(missing.header("www-authenticate"), Some("Bearer"));
        let whole = &EVERYTHING[..EVERYTHING.len() - 1];
        for wrong in ["x", whole, login["token"].as_str().unwrap()] {
            let wrong = with(Some(wrong)).await;
            wrong.refused(401, "token_invalid");
            assert_eq!(wrong.header("www-authenticate"), Some("Bearer"));
        }
    }
}

#[tokio::test]
async fn a_key_opens_what_its_scope_names_and_nothing_else() {
    let stack = stack(Store::Sqlite).await;
    for (method, path, right) in endpoints() {
        for key in [READER, WRITER, INTROSPECTOR, TOKEN_TAKER, EVERYTHING] {
            let answer = stack.send(method.clone(), &path, Some(key), None).await;
            if key == right || key == EVERYTHING {
                let status = answer.status.as_u16();
                assert!(![401, 403].contains(&status), "{method} {path}: {status}");
            } else {
                answer.refused(403, "forbidden");
            }
        }
    }
}

#[rstest]
#[case("/admin/users", "GET")]
#[case("/admin/users/x", "GET, DELETE")]
#[case("/admin/users/x/disable", "POST")]
#[case("/admin/users/x/enable", "POST")]
#[case("/admin/users/x/sessions", "DELETE")]
#[case("/admin/merges", "GET")]
#[case("/admin/merges/x/apply", "POST")]
#[case("/admin/merges/x/dismiss", "POST")]
#[case("/auth/introspect", "POST")]
#[case("/auth/wechat-token", "GET, POST")]
#[case("/admin/bans", "GET")]
#[case("/admin/bans/x", "DELETE")]
#[case("/admin/audit", "GET")]
#[tokio::test]
async fn another_method_is_a_405_with_those_the_path_knows(
    #[case] path: &str,
    #[case] allow: &str,
) {
    let stack = stack(Store::Sqlite).await;
    for method in [Method::PUT, Method::PATCH] {
        let answer = ask(&stack, method, path).await;
        answer.refused(405, "method_not_allowed");
        assert_eq!(answer.header("allow"), Some(allow));
    }
}

#[tokio::test]
async fn strangers_do_not_learn_who_is_a_user() {
    let stack = stack(Store::Sqlite).await;
    let user = logged_in_to(&stack, "alice", 0).await;
    for id in [user["userId"].as_str().unwrap(), UNKNOWN_USER, "x"] {
        let path = format!("/admin/users/{id}");
        let answer = stack.send(Method::GET, &path, None, None).await;
        answer.refused(401, "token_missing");
        let answer = stack.send(Method::DELETE, &path, Some(READER), None).await;
        answer.refused(403, "forbidden");
    }
}

#[tokio::test]
async fn an_unknown_scheme_is_no_key() {
    let stack = stack(Store::Sqlite).await;
    let request = stack
        .request(Method::GET, "/admin/users")
        .basic_auth("key", Some(EVERYTHING));
    let answer = Answer::read(request.send().await.unwrap()).await;
    answer.refused(401, "token_missing");
}
