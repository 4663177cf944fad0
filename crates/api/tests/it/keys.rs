//! `wxlogin keys`, while the service runs.

use std::process::Command;

use reqwest::Client;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program::{Program, command};
use crate::stack::{Answer, soon};

const OLD: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
const NEW: &str = "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=";

fn with_keys(folder: &TempDir, keys: &str) -> Command {
    let mut command = command(folder);
    command.env("WXLOGIN_MASTER_KEY", keys);
    command
}

fn run(mut command: Command, arguments: &[&str]) -> String {
    let output = command.args(arguments).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

async fn me(program: &Program, login: &Value) -> Answer {
    let url = format!("{}/user/me", program.address_after("serves on "));
    let token = login["data"]["token"].as_str().unwrap();
    Answer::read(
        Client::new()
            .get(url)
            .bearer_auth(token)
            .send()
            .await
            .unwrap(),
    )
    .await
}

#[tokio::test]
async fn a_new_signing_key_is_published_soon_and_ends_no_session() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(with_keys(&folder, OLD));
    let login = program.paste();
    run(with_keys(&folder, OLD), &["keys", "rotate"]);
    let service = program.address_after("serves on ");
    soon("the new key to be published", || async {
        let jwks = reqwest::get(format!("{service}/.well-known/jwks.json"))
            .await
            .ok()?;
        let jwks: Value = jwks.json().await.ok()?;
        (jwks["keys"].as_array()?.len() == 2).then_some(())
    })
    .await;
    me(&program, &login).await.data();
    let body = json!({ "refreshToken": login["data"]["refreshToken"] });
    let refreshed = Client::new()
        .post(format!("{service}/user/refresh"))
        .json(&body)
        .send()
        .await
        .unwrap();
    Answer::read(refreshed).await.data();
    let again = program.paste();
    me(&program, &again).await.data();
}

#[tokio::test]
async fn once_all_is_sealed_anew_the_old_master_key_can_go() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(with_keys(&folder, OLD));
    let login = program.paste();
    // Both keys open; the service that runs still seals under the old one.
    let both = format!("{NEW},{OLD}");
    program.terminate();
    program.wait();
    let program = Program::start(with_keys(&folder, &both));
    me(&program, &login).await.data();
    let said = run(with_keys(&folder, &both), &["keys", "rewrap"]);
    assert!(said.contains("sealed anew"), "{said}");
    let again = run(with_keys(&folder, &both), &["keys", "rewrap"]);
    assert!(again.starts_with("0 secrets"), "{again}");
    program.terminate();
    program.wait();
    let program = Program::start(with_keys(&folder, NEW));
    me(&program, &login).await.data();
    assert_eq!(program.paste()["data"]["isNewUser"], false);
}

#[test]
fn commands_with_a_wrong_master_key_fail_and_say_so() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(with_keys(&folder, OLD));
    program.paste();
    program.terminate();
    program.wait();
    for arguments in [
        ["keys", "rewrap"].as_slice(),
        &["keys", "rotate"],
        &["check"],
    ] {
        let output = with_keys(&folder, NEW).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(said.contains("master_key does not open"), "{said}");
    }
    let right = with_keys(&folder, OLD).arg("check").output().unwrap();
    assert!(right.status.success(), "{right:?}");
}
