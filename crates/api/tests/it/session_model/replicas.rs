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
use crate::house::{Answer, House, Service, Store};
use crate::wire::Wire;

/// What a suspended machine misses.
const SUSPENDED_FOR: i64 = 20;

/// One replica on SQLite, two on PostgreSQL.
pub(super) struct Replicas {
    pub(super) house: House,
    twin: Option<Twin>,
}

/// The second replica, which may be late.
struct Twin {
    service: Option<Service>,
    wire: Wire,
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

impl Twin {
    async fn new(house: &House) -> Self {
        let mut twin = Self {
            service: None,
            wire: Wire::to(house.database_url()),
            machine: Arc::default(),
        };
        twin.restart(house).await;
        twin
    }

    async fn restart(&mut self, house: &House) {
        // The old one ends first.
        self.service = None;
        let machine = Arc::clone(&self.machine);
        self.service = Some(house.twin_behind(&self.wire, machine).await);
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
        let house = House::with(store, |settings| settings.tokens.reuse_grace_s = grace_s).await;
        let control = house.sandbox.control();
        // Few people log in very often here.
        control.change_policy(|policy| policy.logins_per_minute_per_user = 0);
        let twin = match store {
            Store::Sqlite => None,
            Store::Postgres => Some(Twin::new(&house).await),
        };
        Self { house, twin }
    }

    pub(super) fn count(&self) -> usize {
        1 + usize::from(self.twin.is_some())
    }

    pub(super) async fn restart(&mut self, replica: Replica) {
        match (replica, &mut self.twin) {
            (1, Some(twin)) => twin.restart(&self.house).await,
            _ => self.house.restart().await,
        }
    }

    /// The second replica, if there is one, begins to be late.
    pub(super) fn begin(&self, lateness: Lateness) {
        let Some(twin) = &self.twin else {
            return;
        };
        match lateness {
            Lateness::Suspended | Lateness::Still => twin.wire.stand_still(),
            Lateness::Cut => twin.wire.cut(),
        }
    }

    /// It is not late any more.
    pub(super) fn end(&self, lateness: Lateness) {
        let Some(twin) = &self.twin else {
            return;
        };
        if let Lateness::Suspended = lateness {
            twin.machine.set(SUSPENDED_FOR);
        }
        twin.wire.mend();
    }

    pub(super) fn set_clock(&self, seconds: i64) {
        if let Some(twin) = &self.twin {
            twin.machine.set(seconds);
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
        match (at, &self.twin) {
            (
                1,
                Some(Twin {
                    service: Some(twin),
                    ..
                }),
            ) => twin.send(method, path, token, body).await,
            _ => self.house.send(method, path, token, body).await,
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
