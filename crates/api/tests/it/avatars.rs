//! The picture that a user uploads.

use std::path::Path;

use reqwest::{Method, StatusCode};
use rstest::rstest;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::stack::{Answer, Stack, Store, soon};

/// A PNG of one pixel, with a comment in it.
fn png() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 1, 1);
    encoder.set_color(png::ColorType::Rgb);
    encoder
        .add_text_chunk(
            String::from("Comment"),
            String::from("where the user lives"),
        )
        .unwrap();
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&[200, 10, 10]).unwrap();
    writer.finish().unwrap();
    bytes
}

/// A form as `wx.uploadFile` sends it: `formData` first, then the file.
fn form(files: &[&[u8]]) -> Vec<u8> {
    let mut body =
        b"--x\r\ncontent-disposition: form-data; name=\"scene\"\r\n\r\nprofile\r\n".to_vec();
    for file in files {
        body.extend_from_slice(
            b"--x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"tmp_1.jpg\"\r\ncontent-type: image/jpeg\r\n\r\n",
        );
        body.extend_from_slice(file);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--x--\r\n");
    body
}

async fn send(stack: &Stack, token: &Value, body: Vec<u8>) -> Answer {
    let request = stack
        .request(Method::POST, "/user/avatar")
        .bearer_auth(token.as_str().unwrap())
        .header("content-type", "multipart/form-data; boundary=x")
        .body(body);
    Answer::read(request.send().await.unwrap()).await
}

async fn stack(store: Store, folder: &TempDir) -> Stack {
    let url = format!("file://{}/avatars", folder.path().display());
    Stack::with(store, |settings| settings.avatars.url = url).await
}

fn files(folder: &TempDir) -> usize {
    let folder = folder.path().join("avatars");
    folder.read_dir().map_or(0, Iterator::count)
}

async fn fetch(url: &str) -> (StatusCode, Option<String>, Vec<u8>) {
    let answer = reqwest::get(url).await.unwrap();
    let cache = answer.headers().get("cache-control").cloned();
    let cache = cache.map(|value| value.to_str().unwrap().to_owned());
    let status = answer.status();
    (status, cache, answer.bytes().await.unwrap().to_vec())
}

#[rstest]
#[tokio::test]
async fn an_uploaded_picture_is_shown_until_it_is_replaced(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let folder = tempfile::tempdir().unwrap();
    let stack = stack(store, &folder).await;
    let login = stack.logged_in("alice").await;
    let user = send(&stack, &login["token"], form(&[&png()])).await.data();
    let first = user["avatarUrl"].as_str().unwrap().to_owned();
    let (status, cache, bytes) = fetch(&first).await;
    assert_eq!(status, 200);
    assert_eq!(
        cache.as_deref(),
        Some("public, max-age=31536000, immutable")
    );
    assert_eq!(&bytes[1..4], b"PNG");
    let comment = b"where the user lives";
    assert!(!bytes.windows(comment.len()).any(|part| part == comment));
    assert_eq!(
        stack.me(&login["token"]).await.data()["avatarUrl"],
        user["avatarUrl"]
    );

    let user = send(&stack, &login["token"], form(&[&png()])).await.data();
    let second = user["avatarUrl"].as_str().unwrap().to_owned();
    assert_ne!(first, second);
    assert_eq!(fetch(&first).await.0, 404);
    assert_eq!(fetch(&second).await.0, 200);
    assert_eq!(files(&folder), 1);

    // A page that sends back what it was given changes nothing.
    let edit = json!({"avatarUrl": second, "city": "广州"});
    let token = login["token"].as_str();
    let user = stack
        .send(Method::POST, "/user/me", token, Some(&edit))
        .await;
    assert_eq!(user.data()["avatarUrl"].as_str(), Some(second.as_str()));
    let edit = json!({"avatarUrl": ""});
    let user = stack
        .send(Method::POST, "/user/me", token, Some(&edit))
        .await;
    assert_eq!(user.data()["avatarUrl"], Value::Null);
    assert_eq!(fetch(&second).await.0, 404);
}

#[rstest]
#[tokio::test]
async fn a_picture_goes_with_its_account(#[values(Store::Sqlite, Store::Postgres)] store: Store) {
    let folder = tempfile::tempdir().unwrap();
    let stack = stack(store, &folder).await;
    let login = stack.logged_in("alice").await;
    let token = login["token"].as_str();
    let user = send(&stack, &login["token"], form(&[&png()])).await.data();
    let url = user["avatarUrl"].as_str().unwrap();
    let export = stack
        .send(Method::GET, "/user/me/export", token, None)
        .await;
    assert!(export.data().to_string().contains(url));
    stack
        .send(Method::DELETE, "/user/me", token, None)
        .await
        .data();
    assert_eq!(fetch(url).await.0, 404);
    assert_eq!(files(&folder), 0);
}

#[tokio::test]
async fn a_picture_of_an_account_that_was_deleted_elsewhere_goes_within_seconds() {
    let folder = tempfile::tempdir().unwrap();
    let stack = stack(Store::Postgres, &folder).await;
    let login = stack.logged_in("alice").await;
    send(&stack, &login["token"], form(&[&png()])).await.data();
    stack.sql("DELETE FROM users");
    soon("the file to go", || async {
        (files(&folder) == 0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn what_is_no_picture_or_no_form_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let stack = Stack::with(Store::Sqlite, |settings| {
        settings.avatars.url = format!("file://{}/avatars", folder.path().display());
        settings.avatars.max_bytes = 1_000;
    })
    .await;
    let login = stack.logged_in("alice").await;
    let token = &login["token"];
    let whole = png();
    for (body, status, error) in [
        (form(&[b"<svg/>"]), 400, "invalid_request"),
        (form(&[&whole[..40]]), 400, "invalid_request"),
        (form(&[&whole, &whole]), 400, "invalid_request"),
        (form(&[]), 400, "invalid_request"),
        (b"--x\r\n".to_vec(), 400, "invalid_request"),
        (Vec::new(), 400, "invalid_request"),
        (form(&[&[0; 1_001]]), 413, "payload_too_large"),
        (vec![0; 40_000], 413, "payload_too_large"),
    ] {
        send(&stack, token, body).await.refused(status, error);
    }
    let body = json!({"file": "x"});
    let answer = stack
        .send(Method::POST, "/user/avatar", token.as_str(), Some(&body))
        .await;
    let msg = answer.refused(415, "unsupported_media_type");
    assert!(msg.contains("multipart/form-data"), "{msg}");
    send(&stack, &json!("x.y.z"), form(&[&whole]))
        .await
        .refused(401, "token_invalid");
    assert_eq!(files(&folder), 0);
}

#[tokio::test]
async fn a_user_cannot_take_the_picture_of_another_user() {
    let folder = tempfile::tempdir().unwrap();
    let stack = stack(Store::Sqlite, &folder).await;
    let (alice, bob) = (stack.logged_in("alice").await, stack.logged_in("bob").await);
    let user = send(&stack, &alice["token"], form(&[&png()])).await.data();
    let edit = json!({"avatarUrl": user["avatarUrl"]});
    let token = bob["token"].as_str();
    let answer = stack
        .send(Method::POST, "/user/me", token, Some(&edit))
        .await;
    answer.refused(400, "invalid_request");
    assert_eq!(fetch(user["avatarUrl"].as_str().unwrap()).await.0, 200);
}

#[tokio::test]
async fn a_folder_that_cannot_be_used_is_no_reason_not_to_start() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("avatars"), "in the way").unwrap();
    let stack = stack(Store::Sqlite, &folder).await;
    let login = stack.logged_in("alice").await;
    let answer = send(&stack, &login["token"], form(&[&png()])).await;
    answer.refused(503, "storage_unavailable");
    assert!(Path::new(&folder.path().join("avatars")).is_file());
}
