//! Replicas that were late: they believe nothing of what they remembered, from their first answer
//! on. Two programs, on one PostgreSQL.

use std::process::Command;
use std::time::{Duration, Instant};

use api::settings::Listen;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Method, StatusCode};
use rstest::rstest;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tempfile::TempDir;
use testpg::TestDatabase;
use wxsandbox::{RunningSandbox, Sandbox, SandboxConfig};

use crate::link::Link;
use crate::program::{self, Program};
use crate::stack::{Answer, Stack, Store, soon};

/// How long a replica may not know of what another one did.
const REVOCATION_TAKES: Duration = Duration::from_secs(5);

/// Two programs on one database, and WeChat.
struct Pair {
    /// The one that will be late. It reaches the database over the link.
    late: Replica,
    other: Replica,
    link: Link,
    sandbox: RunningSandbox,
    app_id: String,
    database: TestDatabase,
}

struct Replica {
    program: Program,
    url: String,
    http: reqwest::Client,
    _folder: TempDir,
}

impl Pair {
    fn start() -> Self {
        let config = SandboxConfig::default();
        let app = config.apps()[0].clone();
        let sandbox = Sandbox::start(config, Listen::loopback(0).0).unwrap();
        let database = testpg::database().unwrap();
        let link = Link::to(&database.url());
        let start = |database: &str| {
            let folder = tempfile::tempdir().unwrap();
            let mut command = program::command(&folder);
            command
                .env("DATABASE_URL", database)
                .env("WXLOGIN_MASTER_KEY", STANDARD.encode([7; 32]))
                .env("WXLOGIN_WECHAT__BASE_URL", sandbox.base_url())
                .env("WXLOGIN_APP_ID", &app.app_id)
                .env("WXLOGIN_APP_SECRET", app.secret.expose_secret());
            let program = Program::start(command);
            Replica {
                url: program.address_after("serves on "),
                program,
                http: reqwest::Client::new(),
                _folder: folder,
            }
        };
        Self {
            late: start(link.url()),
            other: start(&database.url()),
            link,
            sandbox,
            app_id: app.app_id,
            database,
        }
    }

    /// A user who has logged in at the late replica, which remembers them.
    async fn logged_in(&self, user: &str) -> Value {
        let control = self.sandbox.control();
        let code = control.phone(user, &self.app_id).unwrap().login().unwrap();
        let body = json!({ "platCode": code });
        let login = soon("the login", || async {
            let sent = self.late.post("/user/wxlogin", None, &body);
            let answer = sent.await;
            answer.status.is_success().then(|| answer.data())
        })
        .await;
        self.late.get("/user/me", &login).await.data();
        login
    }

    /// Four users: one who will log out, one who will be deleted, one who will be disabled by SQL,
    /// and one to whom nothing happens.
    async fn users(&self) -> [Value; 4] {
        let mut users = [const { Value::Null }; 4];
        for (user, name) in users.iter_mut().zip(["alice", "bob", "carol", "alice"]) {
            *user = self.logged_in(name).await;
        }
        users
    }

    /// What happens to the first three, at the other replica. Gives when it was done.
    async fn end(&self, [out, gone, shut, _]: &[Value; 4]) -> Instant {
        let token = out["token"].as_str();
        let out = self.other.post("/user/logout", token, &json!({})).await;
        out.data();
        let deleted = self.other.send(Method::DELETE, "/user/me", gone, None);
        deleted.await.data();
        let user = shut["userId"].as_str().unwrap();
        let disable = format!("UPDATE users SET disabled_at = now() WHERE id = '{user}'");
        self.database.run(&disable).unwrap();
        Instant::now()
    }

    /// The late replica's first answers: users whose sessions have ended are refused.
    async fn check_first_answers(&self, users: &[Value; 4]) {
        let [ended @ .., untouched] = users;
        for path in ["/user/me", "/auth/verify"] {
            for user in ended {
                let answer = self.late.get(path, user).await;
                assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path} {answer:?}");
            }
            let answer = self.late.get(path, untouched).await;
            assert_eq!(answer.status, StatusCode::OK, "{path} {answer:?}");
        }
    }
}

impl Replica {
    async fn get(&self, path: &str, login: &Value) -> Answer {
        self.send(Method::GET, path, login, None).await
    }

    async fn post(&self, path: &str, token: Option<&str>, body: &Value) -> Answer {
        let login = json!({ "token": token });
        self.send(Method::POST, path, &login, Some(body)).await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        login: &Value,
        body: Option<&Value>,
    ) -> Answer {
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        if let Some(token) = login["token"].as_str() {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        Answer::read(request.send().await.unwrap()).await
    }

    fn signal(&self, name: &str) {
        let pid = self.program.pid().to_string();
        let sent = Command::new("kill").args([name, &pid]).status().unwrap();
        assert!(sent.success());
    }
}

/// Asks again and again until an instant.
async fn until(end: Instant) {
    while Instant::now() < end {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_program_that_was_stopped_believes_nothing_from_its_first_answer_on() {
    let pair = Pair::start();
    let users = pair.users().await;
    pair.late.signal("-STOP");
    let done = pair.end(&users).await;
    until(done + REVOCATION_TAKES).await;
    pair.late.signal("-CONT");
    pair.check_first_answers(&users).await;
}

#[rstest]
#[case::is_cut(Link::cut)]
#[case::stands_still(Link::stand_still)]
#[tokio::test]
async fn a_program_whose_link_to_the_database_fails_believes_nothing_after_five_seconds(
    #[case] fail: fn(&Link),
) {
    let pair = Pair::start();
    let users = pair.users().await;
    fail(&pair.link);
    let done = pair.end(&users).await;
    until(done + REVOCATION_TAKES).await;
    // While the link is broken, they are refused too.
    let [out, ..] = &users;
    let asked = pair.late.get("/user/me", out);
    if let Ok(answer) = tokio::time::timeout(Duration::from_secs(1), asked).await {
        assert!(!answer.status.is_success(), "{answer:?}");
    }
    pair.link.mend();
    soon("the database to be used again", || async {
        let answer = pair.late.get("/user/me", out).await;
        assert!(!answer.status.is_success(), "{answer:?}");
        (answer.status == StatusCode::UNAUTHORIZED).then_some(())
    })
    .await;
    pair.check_first_answers(&users).await;
}

/// Statements of an operator's, and the error they lead to.
#[rstest]
#[tokio::test]
async fn what_an_operator_does_by_sql_reaches_a_replica_within_five_seconds(
    #[values(
        "DELETE FROM sessions",
        "UPDATE sessions SET expires_at = now()",
        "TRUNCATE sessions",
        "UPDATE users SET disabled_at = now()",
        "DELETE FROM users",
        "DELETE FROM identities"
    )]
    statement: &str,
) {
    let stack = Stack::new(Store::Postgres).await;
    let login = stack.logged_in("alice").await;
    stack.me(&login["token"]).await.data();
    stack.sql(statement);
    let start = Instant::now();
    let refused = soon("the change to arrive", || async {
        let answer = stack.me(&login["token"]).await;
        (!answer.status.is_success()).then_some(answer)
    })
    .await;
    refused.refused(401, "session_revoked");
    assert!(start.elapsed() < REVOCATION_TAKES, "{:?}", start.elapsed());
}

/// This replica remembers the session as it was before it was prolonged.
#[tokio::test]
async fn a_session_that_was_refreshed_elsewhere_outlives_the_end_that_is_remembered() {
    const LIVES: Duration = Duration::from_secs(3);
    let stack = Stack::with(Store::Postgres, |settings| {
        settings.tokens.refresh_ttl_s = 3;
    })
    .await;
    let replica = stack.replica().await;
    let start = Instant::now();
    let login = stack.logged_in("alice").await;
    until(start + LIVES / 2).await;
    stack.me(&login["token"]).await.data();
    let body = json!({ "refreshToken": login["refreshToken"] });
    let path = "/user/refresh";
    let refreshed = replica
        .send(Method::POST, path, None, Some(&body))
        .await
        .data();
    until(start + LIVES + Duration::from_millis(200)).await;
    stack.me(&login["token"]).await.data();
    stack.me(&refreshed["token"]).await.data();
}
