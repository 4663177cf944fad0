//! The start of the program while something keeps it waiting, and what it needs from the system.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, StatusCode};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::program::{Program, command, limited};
use crate::stack::soon;

const MASTER_KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

/// The advisory lock of migrations.
const LOCK: i64 = 0x77_786c_6f67_696e;

/// A port that is free, for a listener whose banner does not come.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// Starts the program on `database`, where its start cannot end, and asserts that the ops listener
/// answers and that `signal` ends it with 0.
async fn is_alive_and_ends(folder: &TempDir, database: &str, signal: &str) {
    let ops = format!("127.0.0.1:{}", free_port());
    let mut command = command(folder);
    command
        .env("DATABASE_URL", database)
        .env("WXLOGIN_MASTER_KEY", MASTER_KEY)
        .env("WXLOGIN_SERVER__OPS_LISTEN", &ops);
    let program = Program::spawn(command);
    soon("the ops listener", || async {
        let live = reqwest::get(format!("http://{ops}/health/live")).await;
        (live.ok()?.status() == StatusCode::OK).then_some(())
    })
    .await;
    let ready = reqwest::get(format!("http://{ops}/health/ready")).await;
    assert_eq!(ready.unwrap().status(), StatusCode::SERVICE_UNAVAILABLE);
    program.signal(signal);
    let ended = tokio::task::spawn_blocking(|| program.wait());
    let ended = timeout(Duration::from_secs(15), ended).await;
    let (status, log) = ended.unwrap().unwrap();
    assert_eq!(status.code(), Some(0), "{log}");
}

#[tokio::test]
async fn a_start_that_waits_for_the_migrations_lock_is_live_and_ends_with_0() {
    let database = Arc::new(testpg::database().unwrap());
    let held = Arc::clone(&database);
    let statements = format!("SELECT pg_advisory_lock({LOCK}); SELECT pg_sleep(600)");
    // Ends with the database.
    std::thread::spawn(move || held.run(&statements));
    let is_free = format!(
        "DO $$ BEGIN IF pg_try_advisory_lock({LOCK}) THEN RAISE EXCEPTION 'free'; END IF; END $$"
    );
    soon("the lock to be held", || async {
        database.run(&is_free).ok()
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    for signal in ["TERM", "INT"] {
        is_alive_and_ends(&folder, &database.url(), signal).await;
    }
    let terminate = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                     WHERE datname = current_database() AND pid <> pg_backend_pid()";
    database.run(terminate).unwrap();
}

#[tokio::test]
async fn a_start_whose_database_does_not_answer_is_live_and_ends_with_0() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("postgres://{}/wxlogin", silent.local_addr().unwrap());
    let folder = tempfile::tempdir().unwrap();
    for signal in ["TERM", "INT"] {
        is_alive_and_ends(&folder, &url, signal).await;
    }
}

/// Asks on a connection that stays open afterwards. Gives the connection and the answer's head.
async fn ask(address: &str) -> (TcpStream, String) {
    let mut connection = TcpStream::connect(address).await.unwrap();
    let request = b"GET /user/me HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n";
    let mut answer = [0; 2048];
    let asked = async {
        connection.write_all(request).await.unwrap();
        connection.read(&mut answer).await.unwrap()
    };
    let read = timeout(Duration::from_secs(10), asked).await.unwrap();
    let text = String::from_utf8_lossy(&answer[..read]).into_owned();
    (connection, text)
}

#[tokio::test]
async fn idle_connections_shut_out_neither_people_nor_health_checks() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(limited(&folder, "-n 256"));
    let service = program.address_after("serves on ");
    let ops = program.address_after("metrics on ");
    let address = service.trim_start_matches("http://");
    let mut idle = Vec::new();
    for _ in 0..300 {
        let (connection, answer) = ask(address).await;
        assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
        idle.push(connection);
    }
    let http = Client::builder().timeout(Duration::from_secs(10)).build();
    let ready = http
        .unwrap()
        .get(format!("{ops}/health/ready"))
        .send()
        .await;
    assert_eq!(ready.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn the_soft_limit_of_open_files_is_raised() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(limited(&folder, "-Sn 64"));
    let service = program.address_after("serves on ");
    let address = service.trim_start_matches("http://");
    let mut idle = Vec::new();
    for _ in 0..150 {
        let (connection, answer) = ask(address).await;
        assert!(!answer.contains("connection: close"), "{answer}");
        idle.push(connection);
    }
}

#[tokio::test]
async fn a_log_reader_that_hangs_stops_no_request_and_hears_how_much_it_missed() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = command(&folder);
    command.env("RUST_LOG", "trace");
    let mut program = Program::start(command);
    let service = program.address_after("serves on ");
    let ops = program.address_after("metrics on ");
    let http = Client::builder()
        .timeout(Duration::from_secs(10))
        .build()
        .unwrap();
    let ask_until_dropped = async |known: u64| {
        soon("lines to be dropped", || async {
            for _ in 0..100 {
                let me = http.get(format!("{service}/user/me")).send().await;
                assert_eq!(me.unwrap().status(), StatusCode::UNAUTHORIZED);
            }
            let metrics = http.get(format!("{ops}/metrics")).send().await.unwrap();
            let metrics = metrics.text().await.unwrap();
            let line = "log_lines_dropped_total ";
            let count = metrics.lines().find_map(|found| found.strip_prefix(line));
            let count: u64 = count.unwrap().parse().unwrap();
            (count > known).then_some(count)
        })
        .await
    };
    let dropped = ask_until_dropped(0).await;
    let mut log = BufReader::new(program.stderr());
    let log = tokio::task::spawn_blocking(move || {
        let mut line = String::new();
        while !line.contains("lines of the log were dropped") {
            line.clear();
            assert_ne!(log.read_line(&mut line).unwrap(), 0);
        }
        // It is read no further.
        log
    });
    let _log = timeout(Duration::from_secs(30), log).await.unwrap();
    ask_until_dropped(dropped).await;
    assert_eq!(program.paste()["code"], 200);
    program.terminate();
    let ended = tokio::task::spawn_blocking(move || program.wait_unread());
    let status = timeout(Duration::from_secs(20), ended).await.unwrap();
    assert_eq!(status.unwrap().code(), Some(0));
}
