//! Bans that outlive the account.

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::admin_house::{READER, WRITER, ask, house, id, logged_in_to, seen};
use crate::house::{Answer, House, Store};

/// How an account comes to its end.
#[derive(Clone, Copy, Debug)]
enum End {
    ByTheOperator,
    ByThePerson,
}

async fn attempt(house: &House, user: &str, app: usize) -> Answer {
    let app_id = house.app_id(app);
    let body = json!({ "platCode": house.code_in(user, &app_id), "appId": app_id });
    house.login(&body).await
}

async fn act(house: &House, method: Method, user: &Value, action: &str) -> Value {
    let path = format!("/admin/users/{}{action}", id(user));
    ask(house, method, &path).await.data()
}

async fn bans(house: &House) -> Vec<Value> {
    let data = seen(house, "/admin/bans").await;
    data["items"].as_array().unwrap().clone()
}

#[rstest]
#[tokio::test]
async fn a_ban_ends_by_the_operators_word_alone(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let house = house(store).await;
    let login = logged_in_to(&house, "alice", 0).await;
    act(&house, Method::POST, &login, "/disable").await;
    act(&house, Method::DELETE, &login, "").await;

    // The same person in the same app, and in another of the same platform.
    for app in [0, 1] {
        attempt(&house, "alice", app)
            .await
            .refused(403, "user_disabled");
    }
    logged_in_to(&house, "bob", 0).await;
    let open_id = login["openId"].as_str().unwrap();
    let found = seen(&house, &format!("/admin/users?openId={open_id}")).await;
    assert_eq!(found["items"], json!([]));

    let found = bans(&house).await;
    assert_eq!(found.len(), 1);
    let ban = &found[0];
    assert_eq!(ban["userId"], login["userId"]);
    assert_eq!(ban["appIds"], json!([house.app_id(0)]));
    ban["at"]
        .as_str()
        .unwrap()
        .parse::<jiff::Timestamp>()
        .unwrap();
    let text = Value::from(found.clone()).to_string();
    for personal in ["openId", "unionId"] {
        assert!(!text.contains(login[personal].as_str().unwrap()), "{text}");
    }
    let path = format!("/admin/bans/{}", ban["id"].as_str().unwrap());
    house
        .send(Method::DELETE, &path, Some(READER), None)
        .await
        .refused(403, "forbidden");
    house
        .send(Method::DELETE, &path, Some(WRITER), None)
        .await
        .data();
    ask(&house, Method::DELETE, &path)
        .await
        .refused(404, "not_found");
    assert!(bans(&house).await.is_empty());
    let back = logged_in_to(&house, "alice", 0).await;
    assert_eq!(back["isNewUser"], true);
    assert_ne!(id(&back), id(&login));

    let audit = seen(&house, &format!("/admin/audit?userId={}", id(&login))).await;
    let rows = audit["items"].as_array().unwrap().iter();
    let rows: Vec<_> = rows
        .map(|row| (row["action"].as_str(), row["actor"].as_str()))
        .collect();
    let expected = [
        ("lift_ban", "writer"),
        ("delete_user", "key-1"),
        ("disable_user", "key-1"),
    ];
    assert_eq!(
        rows,
        expected.map(|(action, actor)| (Some(action), Some(actor)))
    );
    assert_eq!(audit["items"][0]["subject"], ban["id"]);
}

#[rstest]
#[tokio::test]
async fn who_is_enabled_before_the_deletion_is_not_banned(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
    #[values(End::ByTheOperator, End::ByThePerson)] end: End,
) {
    let house = house(store).await;
    let login = logged_in_to(&house, "alice", 0).await;
    act(&house, Method::POST, &login, "/disable").await;
    act(&house, Method::POST, &login, "/enable").await;
    let login = logged_in_to(&house, "alice", 0).await;
    match end {
        End::ByTheOperator => drop(act(&house, Method::DELETE, &login, "").await),
        End::ByThePerson => {
            let token = login["token"].as_str();
            let deleted = house.send(Method::DELETE, "/user/me", token, None).await;
            deleted.data();
        }
    }
    assert!(bans(&house).await.is_empty());
    assert_eq!(logged_in_to(&house, "alice", 0).await["isNewUser"], true);
}

#[rstest]
#[tokio::test]
async fn a_person_who_deletes_themselves_while_being_banned_is_banned_or_unknown(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let house = house(store).await;
    let login = logged_in_to(&house, "alice", 0).await;
    let disable = format!("/admin/users/{}/disable", id(&login));
    let (disabled, deleted) = futures_util::future::join(
        ask(&house, Method::POST, &disable),
        house.send(Method::DELETE, "/user/me", login["token"].as_str(), None),
    )
    .await;
    // Whoever is told that it is done was first, or the two went one after the other.
    assert!(disabled.status.is_success() || deleted.status.is_success());
    let back = attempt(&house, "alice", 0).await;
    if disabled.status.is_success() {
        back.refused(403, "user_disabled");
    } else {
        disabled.refused(404, "not_found");
        back.data();
    }
}

#[rstest]
#[tokio::test]
async fn the_audit_log_is_read_newest_first_page_by_page(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let house = house(store).await;
    let users = ["alice", "bob"];
    let mut expected = Vec::new();
    for user in users {
        let login = logged_in_to(&house, user, 0).await;
        for action in ["/disable", "/enable", "/disable"] {
            act(&house, Method::POST, &login, action).await;
            expected.push((id(&login).to_owned(), format!("{}_user", &action[1..])));
        }
    }
    expected.reverse();
    let mut read = Vec::new();
    let mut path = String::from("/admin/audit?limit=4");
    loop {
        let data = seen(&house, &path).await;
        for row in data["items"].as_array().unwrap() {
            assert_eq!(row["actor"], "key-1");
            assert_eq!(row["fromIp"], "127.0.0.1");
            row["at"]
                .as_str()
                .unwrap()
                .parse::<jiff::Timestamp>()
                .unwrap();
            read.push((
                id(row).to_owned(),
                row["action"].as_str().unwrap().to_owned(),
            ));
        }
        let Some(cursor) = data.get("nextCursor") else {
            break;
        };
        path = format!("/admin/audit?limit=4&cursor={}", cursor.as_str().unwrap());
    }
    assert_eq!(read, expected);
    let enabled = seen(&house, "/admin/audit?action=enable_user").await;
    assert_eq!(enabled["items"].as_array().unwrap().len(), 2);
    let path = format!("/admin/audit?action=enable_user&userId={}", expected[0].0);
    assert_eq!(
        seen(&house, &path).await["items"].as_array().unwrap().len(),
        1
    );
}
