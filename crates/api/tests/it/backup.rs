//! `wxlogin backup`, and what is restored from it.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program::{Program, command};

fn back_up(folder: &TempDir, file: &str) -> Output {
    command(folder).args(["backup", file]).output().unwrap()
}

/// The sandbox makes users anew at each start of the program, but always the same ones.
fn user_of(answer: &Value) -> (&Value, &Value) {
    (&answer["data"]["userId"], &answer["data"]["isNewUser"])
}

async fn status_of_me(program: &Program, token: &Value) -> u16 {
    let url = format!("{}/user/me", program.address_after("serves on "));
    let request = reqwest::Client::new().get(url);
    let answer = request.bearer_auth(token.as_str().unwrap()).send().await;
    answer.unwrap().status().as_u16()
}

#[tokio::test]
async fn a_backup_of_a_running_service_is_restored_with_its_sessions() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(command(&folder));
    let before = program.paste();
    let output = back_up(&folder, "copy.db");
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        said.contains("copy.db") && said.contains("master key"),
        "{said}"
    );
    let later = program.paste();
    drop(program);

    let copy = folder.path().join("copy.db");
    assert_eq!(copy.metadata().unwrap().mode() & 0o777, 0o600);
    let restored = tempfile::tempdir().unwrap();
    std::fs::create_dir(restored.path().join("data")).unwrap();
    let key = Path::new("data/master.key");
    std::fs::copy(copy, restored.path().join("data/wxlogin.db")).unwrap();
    std::fs::copy(folder.path().join(key), restored.path().join(key)).unwrap();

    let program = Program::start(command(&restored));
    assert_eq!(status_of_me(&program, &before["data"]["token"]).await, 200);
    // This session began after the backup.
    assert_eq!(status_of_me(&program, &later["data"]["token"]).await, 401);
    let again = program.paste();
    assert_eq!(user_of(&again), (user_of(&before).0, &json!(false)));
}

#[test]
fn a_command_is_done_although_its_output_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [
        &["migrate"][..],
        &["backup", "copy.db"],
        &["keys", "rotate"],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = command(&folder);
        let output = command.args(arguments).stdout(writer).output().unwrap();
        assert!(output.status.success(), "{arguments:?} {output:?}");
    }
}

#[test]
fn a_backup_keeps_a_file_that_is_there() {
    let folder = tempfile::tempdir().unwrap();
    drop(command(&folder).arg("migrate").output().unwrap());
    for name in ["copy.db", "copy.db.part"] {
        std::fs::write(folder.path().join(name), "mine").unwrap();
        let output = back_up(&folder, "copy.db");
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(name), "{said}");
        let kept = std::fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!(kept, "mine");
        std::fs::remove_file(folder.path().join(name)).unwrap();
    }
    assert!(back_up(&folder, "copy.db").status.success());
    assert!(!folder.path().join("copy.db.part").exists());
}

#[test]
fn a_database_that_is_damaged_gives_no_backup() {
    let folder = tempfile::tempdir().unwrap();
    assert!(
        command(&folder)
            .arg("migrate")
            .output()
            .unwrap()
            .status
            .success()
    );
    // A copy has no write-ahead log, which could hold the pages once more.
    assert!(back_up(&folder, "whole.db").status.success());
    let mut bytes = std::fs::read(folder.path().join("whole.db")).unwrap();
    let page = 4096;
    // The second page and the one after it, as a bad disk may leave them.
    bytes[page..page * 3].fill(0xff);
    let data = folder.path().join("data");
    std::fs::remove_dir_all(&data).unwrap();
    std::fs::create_dir(&data).unwrap();
    std::fs::write(data.join("wxlogin.db"), bytes).unwrap();
    let output = back_up(&folder, "copy.db");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    for name in ["copy.db", "copy.db.part"] {
        assert!(!folder.path().join(name).exists(), "{name}");
    }
}

#[test]
fn without_a_database_there_is_nothing_to_back_up() {
    let folder = tempfile::tempdir().unwrap();
    let output = back_up(&folder, "copy.db");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("data/wxlogin.db"), "{said}");
    assert!(!folder.path().join("data").exists());
}

#[test]
fn on_postgres_the_command_names_the_program_that_does_it() {
    let folder = tempfile::tempdir().unwrap();
    let output = command(&folder)
        .env(
            "DATABASE_URL",
            "postgres://wxlogin:geheim@127.0.0.1:1/wxlogin",
        )
        .args(["backup", "copy.dump"])
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("pg_dump") && !said.contains("geheim"),
        "{said}"
    );
}
