//! The user behind a token.

use reqwest::Method;
use rstest::rstest;

use crate::stack::{Stack, Store};

#[rstest]
#[tokio::test]
async fn a_token_shows_its_user(#[values(Store::Sqlite, Store::Postgres)] store: Store) {
    let stack = Stack::new(store).await;
    let login = stack.logged_in("alice").await;
    let me = stack.me(&login["token"]).await.data();
    for field in ["openId", "unionId", "userId"] {
        assert_eq!(me[field], login[field], "{field}");
    }
    for field in ["token", "refreshToken", "expiresIn", "refreshExpiresIn"] {
        assert!(me.get(field).is_none(), "{field}");
    }
    assert_eq!(me["phoneBound"], false);
    for field in ["createdAt", "lastLoginAt"] {
        me[field]
            .as_str()
            .unwrap()
            .parse::<jiff::Timestamp>()
            .unwrap();
    }
}

#[tokio::test]
async fn without_a_good_token_there_is_no_user() {
    let stack = Stack::new(Store::Sqlite).await;
    let login = stack.logged_in("alice").await;
    let token = login["token"].as_str().unwrap();
    let me = async |authorization: Option<String>| {
        let mut request = stack.request(Method::GET, "/user/me");
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        let answer = crate::stack::Answer::read(request.send().await.unwrap()).await;
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        answer
    };
    me(None).await.refused(401, "token_missing");
    me(Some(String::from("Basic YTpi")))
        .await
        .refused(401, "token_missing");
    me(Some(String::from("Bearer ")))
        .await
        .refused(401, "token_missing");
    me(Some(String::from("Bearer x.y.z")))
        .await
        .refused(401, "token_invalid");
    me(Some(format!("Bearer {token}x")))
        .await
        .refused(401, "token_invalid");
    let refresh = login["refreshToken"].as_str().unwrap();
    me(Some(format!("Bearer {refresh}")))
        .await
        .refused(401, "token_invalid");
}
