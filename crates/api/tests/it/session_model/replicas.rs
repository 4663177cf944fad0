//! The replicas of the service, asked in the language of the rules.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ports::Clock;
use domain::time::{Duration, Timestamp};
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::commands::Lateness;
use super::rules::{Replica, What};
use crate::clocks::ShiftedClock;
use crate::link::Link;
use crate::stack::{Answer, Service, Stack, Store};

/// What a suspended machine misses.
const SUSPENDED_FOR: i64 = 20;

/// One replica on SQLite, two on PostgreSQL.
pub(super) struct Replicas {
    pub(super) stack: Stack,
    second: Option<SecondReplica>,
}

/// The second replica, which may be late.
struct SecondReplica {
    service: Option<Service>,
    link: Link,
    machine: Arc<SetClock>,
}

/// A clock that can be set.
#[derive(Default)]
struct SetClock {
    seconds: AtomicI64,
}

impl SetClock {
    fn machine(&self) -> ShiftedClock {
        let by = SignedDuration::from_secs(self.seconds.load(Ordering::SeqCst));
        ShiftedClock { by }
    }

    fn set(&self, seconds: i64) {
        self.seconds.fetch_add(seconds, Ordering::SeqCst);
    }
}

#[async_trait]
impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        self.machine().now()
    }

    fn new_id(&self) -> Uuid {
        self.machine().new_id()
    }

    async fn wait(&self, span: Duration) {
        self.machine().wait(span).await;
    }
}

impl SecondReplica {
    async fn new(stack: &Stack) -> Self {
        let mut second = Self {
            service: None,
            link: Link::to(stack.database_url()),
            machine: Arc::default(),
        };
        second.restart(stack).await;
        second
    }

    async fn restart(&mut self, stack: &Stack) {
        // The old one ends first.
        self.service = None;
        let machine = Arc::clone(&self.machine);
        self.service = Some(stack.replica_behind(&self.link, machine).await);
    }
}

/// A pair of tokens, and what its access token says.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    pub(super) session: Value,
    pub(super) generation: u32,
    pub(super) token: Value,
    refresh_token: Value,
}

impl Replicas {
    /// Replicas that take a replaced refresh token for `grace_s` seconds more.
    pub(super) async fn new(store: Store, grace_s: u32) -> Self {
        let stack = Stack::with(store, |settings| settings.tokens.reuse_grace_s = grace_s).await;
        let control = stack.sandbox.control();
        // Few people log in very often here.
        control.change_policy(|policy| policy.logins_per_minute_per_user = 0);
        let second = match store {
            Store::Sqlite => None,
            Store::Postgres => Some(SecondReplica::new(&stack).await),
        };
        Self { stack, second }
    }

    pub(super) fn count(&self) -> usize {
        1 + usize::from(self.second.is_some())
    }

    pub(super) async fn restart(&mut self, replica: Replica) {
        match (replica, &mut self.second) {
            (1, Some(second)) => second.restart(&self.stack).await,
            _ => self.stack.restart().await,
        }
    }

    /// The second replica, if there is one, begins to be late.
    pub(super) fn begin(&self, lateness: Lateness) {
        let Some(second) = &self.second else {
            return;
        };
        match lateness {
            Lateness::Suspended | Lateness::Still => second.link.stand_still(),
            Lateness::Cut => second.link.cut(),
        }
    }

    /// It is not late any more.
    pub(super) fn end(&self, lateness: Lateness) {
        let Some(second) = &self.second else {
            return;
        };
        if let Lateness::Suspended = lateness {
            second.machine.set(SUSPENDED_FOR);
        }
        second.link.mend();
    }

    pub(super) fn set_clock(&self, seconds: i64) {
        if let Some(second) = &self.second {
            second.machine.set(seconds);
        }
    }

    /// `POST /user/wxlogin`
    pub(super) async fn log_in(&self, at: Replica, body: &Value) -> Answer {
        self.send(at, Method::POST, "/user/wxlogin", None, Some(body))
            .await
    }

    /// `what`, with a pair of the session that `login` opened.
    pub(super) async fn ask(
        &self,
        at: Replica,
        what: What,
        pair: &Pair,
        login: &Value,
        other: &Value,
    ) -> Answer {
        let token = pair.token.as_str();
        let refresh = json!({ "refreshToken": pair.refresh_token });
        let everywhere = json!({ "everywhere": true });
        let end = format!("/user/sessions/{}", other.as_str().unwrap_or_default());
        let (method, path, token, body) = match what {
            What::Refresh => (Method::POST, "/user/refresh", None, Some(&refresh)),
            What::Use => (Method::GET, "/user/me", token, None),
            What::LogOut => (Method::POST, "/user/logout", token, None),
            What::LogOutEverywhere => (Method::POST, "/user/logout", token, Some(&everywhere)),
            What::End(_) => (Method::DELETE, end.as_str(), token, None),
            What::RepeatLogin => (Method::POST, "/user/wxlogin", None, Some(login)),
        };
        self.send(at, method, path, token, body).await
    }

    pub(super) async fn send(
        &self,
        at: Replica,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<&Value>,
    ) -> Answer {
        match (at, &self.second) {
            (
                1,
                Some(SecondReplica {
                    service: Some(second),
                    ..
                }),
            ) => second.send(method, path, token, body).await,
            _ => self.stack.send(method, path, token, body).await,
        }
    }
}

impl Pair {
    /// The pair in the `data` of an answer, if there is one.
    pub(super) fn read(data: &Value) -> Option<Self> {
        let token = data["token"].as_str()?;
        let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
        let claims: Value = serde_json::from_slice(&claims).ok()?;
        Some(Self {
            session: claims["sid"].clone(),
            generation: u32::try_from(claims["gen"].as_u64()?).ok()?,
            token: data["token"].clone(),
            refresh_token: data["refreshToken"].clone(),
        })
    }
}
