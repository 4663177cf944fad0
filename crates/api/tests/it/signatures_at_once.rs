//! Signatures that wait at the same time: their audit rows share a commit, and nothing else.

use std::sync::atomic::{AtomicUsize, Ordering};

use aws_lc_rs::digest::{SHA256, digest};
use futures_util::future::join_all;
use reqwest::{Client, Method};
use rstest::rstest;
use serde_json::{Value, json};

use crate::admin_stack::{SIGNER, stack};
use crate::program::{Program, command};
use crate::stack::{Answer, Stack, Store};

const PATH: &str = "/auth/wechat-signature";

fn text(number: usize) -> String {
    format!("{{\"outTradeNo\":\"order {number}\"}}")
}

fn digest_of(text: &str) -> String {
    hex::encode(digest(&SHA256, text.as_bytes()))
}

async fn sign_all(stack: &Stack, logins: &[Value], count: usize) -> Vec<Answer> {
    let users = logins.iter().cycle().take(count).enumerate();
    let answers = users.map(|(number, login)| async move {
        let body = json!({ "userId": login["userId"], "data": text(number) });
        let key = Some(SIGNER);
        stack.send(Method::POST, PATH, key, Some(&body)).await
    });
    join_all(answers).await
}

/// The digests that the audit log has of one user, sorted.
async fn audited(stack: &Stack, login: &Value) -> Vec<String> {
    let token = login["token"].as_str();
    let export = stack
        .send(Method::GET, "/user/me/export", token, None)
        .await;
    digests(&export.data())
}

fn digests(export: &Value) -> Vec<String> {
    let rows = export["audit"].as_array().unwrap().iter();
    let signed = rows.filter(|row| row["action"] == "wechat_signature");
    let digests = signed.map(|row| row["subject"].as_str().unwrap().to_owned());
    let mut digests: Vec<_> = digests.collect();
    digests.sort();
    digests
}

#[rstest]
#[tokio::test]
async fn each_of_many_signatures_is_the_users_own_and_has_its_audit_row(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let stack = stack(store).await;
    let logins = [stack.logged_in("alice").await, stack.logged_in("bob").await];
    let answers = sign_all(&stack, &logins, 64).await;
    let mut expected = [Vec::new(), Vec::new()];
    for (number, answer) in answers.into_iter().enumerate() {
        let user = number % 2;
        assert_eq!(answer.data()["openId"], logins[user]["openId"], "{number}");
        expected[user].push(digest_of(&text(number)));
    }
    for (login, mut expected) in logins.iter().zip(expected) {
        expected.sort();
        assert_eq!(audited(&stack, login).await, expected);
    }
}

#[tokio::test]
async fn an_audit_row_that_is_refused_costs_its_own_signature_and_no_other() {
    let stack = stack(Store::Postgres).await;
    let login = stack.logged_in("alice").await;
    let refused = digest_of(&text(7));
    stack.sql(&format!(
        "ALTER TABLE audit_log ADD CHECK (subject <> '{refused}')"
    ));
    let answers = sign_all(&stack, std::slice::from_ref(&login), 40).await;
    for (number, answer) in answers.into_iter().enumerate() {
        if number == 7 {
            answer.refused(500, "internal");
            assert!(!answer.body.to_string().contains("signature"));
        } else {
            answer.data();
        }
    }
    let audited = audited(&stack, &login).await;
    assert_eq!(audited.len(), 39);
    assert!(!audited.contains(&refused));
}

#[tokio::test]
async fn each_signature_that_was_given_before_a_kill_is_in_the_audit_log() {
    let folder = tempfile::tempdir().unwrap();
    let keys = json!([{ "name": "signer", "key": SIGNER, "scopes": ["sign"] }]);
    let start = || {
        let mut command = command(&folder);
        command.env("WXLOGIN_ADMIN__API_KEYS", keys.to_string());
        Program::start(command)
    };
    let program = start();
    let login = program.paste()["data"].clone();
    let url = program.address_after("serves on ") + PATH;
    let (given, http) = (AtomicUsize::new(0), Client::new());
    let signers = (0..8).map(|signer| {
        let (http, url, given, login) = (&http, &url, &given, &login);
        async move {
            let mut digests = Vec::new();
            for number in 0..60 {
                let text = text(signer * 100 + number);
                let body = json!({ "userId": login["userId"], "data": text });
                let request = http.post(url).bearer_auth(SIGNER).json(&body);
                let Ok(answer) = request.send().await else {
                    break;
                };
                Answer::read(answer).await.data();
                digests.push(digest_of(&text));
                given.fetch_add(1, Ordering::SeqCst);
            }
            digests
        }
    });
    let kill = async {
        while given.load(Ordering::SeqCst) < 100 {
            tokio::task::yield_now().await;
        }
        program.kill();
    };
    let (digests_given, ()) = tokio::join!(join_all(signers), kill);
    let given: Vec<_> = digests_given.into_iter().flatten().collect();
    assert!((100..480).contains(&given.len()), "{}", given.len());

    let program = start();
    let export = program.address_after("serves on ") + "/user/me/export";
    let token = login["token"].as_str().unwrap();
    let export = Client::new().get(export).bearer_auth(token).send().await;
    let audited = digests(&Answer::read(export.unwrap()).await.data());
    for digest in given {
        assert!(audited.contains(&digest), "{digest} was given");
    }
}
