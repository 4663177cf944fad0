//! A wrong master key, a lost one, and the file it is in.

use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};

use api::settings::{Secret, Settings};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use rstest::rstest;
use serde_json::json;
use tempfile::TempDir;
use wxsandbox::OpenDataOptions;

use crate::program::{Program, command};
use crate::stack::{Answer, Stack, Store, soon};

/// Another key than that of the stack.
fn other_key(settings: &mut Settings) {
    settings.master_key = vec![Secret::new(STANDARD.encode([8; 32]))];
}

#[rstest]
#[tokio::test]
async fn a_replica_with_a_wrong_master_key_is_not_ready_and_spends_no_code(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let stack = Stack::new(store).await;
    let alice = stack.logged_in("alice").await;
    let wrong = stack.replica_with(other_key).await;
    let (status, told) = wrong.ops("/health/ready").await;
    assert_eq!(status, 503);
    assert!(told.contains("master_key does not open"), "{told}");

    let body = json!({ "platCode": stack.code("bob") });
    let send = |method, path, token, body| wrong.send(method, path, token, body);
    let login = send(Method::POST, "/user/wxlogin", None, Some(&body));
    login.await.refused(503, "storage_unavailable");
    let me = send(Method::GET, "/user/me", alice["token"].as_str(), None);
    me.await.refused(503, "storage_unavailable");
    let refresh = json!({ "refreshToken": alice["refreshToken"] });
    let refresh = send(Method::POST, "/user/refresh", None, Some(&refresh));
    refresh.await.refused(503, "storage_unavailable");
    let keys = send(Method::GET, "/.well-known/jwks.json", None, None);
    keys.await.refused(503, "storage_unavailable");

    // The code was not spent, and nothing has changed for the others.
    stack.login(&body).await.data();
    stack.me(&alice["token"]).await.data();
    assert_eq!(stack.ops("/health/ready").await.0, 200);
    // A list is right if any of its keys is.
    let both = stack.replica_with(|settings| {
        let right = settings.master_key.clone();
        other_key(settings);
        settings.master_key.extend(right);
    });
    let both = both.await;
    assert_eq!(both.ops("/health/ready").await.0, 200);
    let token = alice["token"].as_str();
    both.send(Method::GET, "/user/me", token, None).await.data();
}

#[rstest]
#[tokio::test]
async fn a_lost_master_key_is_given_up_and_everybody_logs_in_again(
    #[values(Store::Sqlite, Store::Postgres)] store: Store,
) {
    let mut stack = Stack::with(store, |settings| settings.wechat.cloud_hosting = true).await;
    let before = stack.logged_in("alice").await;
    stack.restart_with(other_key).await;
    assert_eq!(stack.ops("/health/ready").await.0, 503);
    let settings = stack.settings_with(|_| {});
    let given_up = api::startup::reset_keys(&settings).await.unwrap();
    assert_eq!(
        (given_up.signing_keys, given_up.identity_hash_key),
        (1, true)
    );

    // It goes on by itself, and when it says that it is ready it is.
    soon("the service to go on", || async {
        (stack.ops("/health/ready").await.0 == 200).then_some(())
    })
    .await;
    let bob = stack.logged_in("bob").await;
    stack
        .me(&before["token"])
        .await
        .refused(401, "token_invalid");

    // Of alice there is only the session_key that is lost.
    let app = stack.app_id(0);
    let alice = stack
        .request(Method::POST, "/user/wxlogin")
        .header("x-wx-source", "wx_client")
        .header("x-wx-appid", &app)
        .header("x-wx-openid", before["openId"].as_str().unwrap())
        .json(&json!({}));
    let alice = Answer::read(alice.send().await.unwrap()).await.data();
    assert_eq!(alice["userId"], before["userId"]);
    let phone = stack.sandbox.control().phone("alice", &app).unwrap();
    let grant = phone.phone_number(&OpenDataOptions::default()).unwrap();
    let grant = grant.encrypted.unwrap();
    let data = json!({ "encryptedData": grant.encrypted_data, "iv": grant.iv });
    let token = alice["token"].as_str();
    for path in ["/user/opendata", "/user/phone"] {
        let answer = stack.send(Method::POST, path, token, Some(&data)).await;
        answer.refused(409, "session_key_stale");
    }
    let session = stack.send(Method::GET, "/user/session", token, None).await;
    assert_eq!(session.data()["sessionKeyValid"], false);

    let alice = stack.logged_in("alice").await;
    let grant = phone.phone_number(&OpenDataOptions::default()).unwrap();
    let grant = grant.encrypted.unwrap();
    let data = json!({ "encryptedData": grant.encrypted_data, "iv": grant.iv });
    let token = alice["token"].as_str();
    let answer = stack.send(Method::POST, "/user/opendata", token, Some(&data));
    answer.await.data();
    stack.me(&bob["token"]).await.data();
}

fn files(folder: &TempDir) -> Vec<String> {
    let data = std::fs::read_dir(folder.path().join("data"))
        .into_iter()
        .flatten();
    let mut names: Vec<String> = data
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn run(folder: &TempDir, arguments: &[&str]) -> Output {
    command(folder).args(arguments).output().unwrap()
}

#[track_caller]
fn fails(output: &Output, with: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(with), "{said}");
}

/// Starts the service, logs somebody in, and stops it.
fn used_once(folder: &TempDir) {
    let program = Program::start(command(folder));
    assert_eq!(program.paste()["code"], 200);
    program.terminate();
    program.wait();
}

#[test]
fn no_other_master_key_is_made_beside_a_database_that_has_rows() {
    let folder = tempfile::tempdir().unwrap();
    used_once(&folder);
    std::fs::remove_file(folder.path().join("data/master.key")).unwrap();
    for arguments in [&[][..], &["keys", "rotate"], &["keys", "rewrap"]] {
        fails(
            &run(&folder, arguments),
            "keys reset --everything-sealed-is-lost",
        );
        assert!(!files(&folder).contains(&String::from("master.key")));
    }
    fails_without_the_word(&folder);
    let reset = run(&folder, &["keys", "reset", "--everything-sealed-is-lost"]);
    assert!(reset.status.success(), "{reset:?}");
    let program = Program::start(command(&folder));
    let again = program.paste();
    assert_eq!(
        (&again["code"], &again["data"]["isNewUser"]),
        (&json!(200), &json!(false))
    );
}

/// `keys reset` does nothing unless the operator says what it means.
fn fails_without_the_word(folder: &TempDir) {
    let reset = run(folder, &["keys", "reset"]);
    assert!(!reset.status.success());
    assert!(!files(folder).contains(&String::from("master.key")));
}

#[test]
fn a_database_that_was_only_migrated_gets_a_master_key() {
    let folder = tempfile::tempdir().unwrap();
    assert!(run(&folder, &["migrate"]).status.success());
    used_once(&folder);
}

#[test]
fn a_master_key_that_others_can_read_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    used_once(&folder);
    let file = folder.path().join("data/master.key");
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o644)).unwrap();
    fails(&run(&folder, &[]), "chmod 600");
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
    used_once(&folder);
}

#[test]
fn a_full_disk_leaves_no_draft_of_a_master_key() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("data")).unwrap();
    // Files may be made, and nothing be written to them.
    let mut shell = Command::new("sh");
    let program = command(&folder);
    for (name, value) in program.get_envs() {
        shell.env(name, value.unwrap_or_default());
    }
    let script = "trap '' XFSZ; ulimit -f 0; exec \"$0\" keys rotate";
    let output = shell
        .current_dir(folder.path())
        .args(["-c", script])
        .arg(program.get_program())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(files(&folder).is_empty(), "{output:?}");
    used_once(&folder);
}
