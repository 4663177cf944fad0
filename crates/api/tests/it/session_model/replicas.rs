//! The replicas of the service, asked in the language of the rules.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;
use serde_json::{Value, json};

use super::rules::{Replica, What};
use crate::house::{Answer, House, Service, Store};

/// One replica on SQLite, two on PostgreSQL.
pub(super) struct Replicas {
    pub(super) house: House,
    twin: Option<Service>,
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
            Store::Postgres => Some(house.twin().await),
        };
        Self { house, twin }
    }

    pub(super) fn count(&self) -> usize {
        1 + usize::from(self.twin.is_some())
    }

    pub(super) async fn restart(&mut self, replica: Replica) {
        match (replica, &self.twin) {
            (1, Some(_)) => {
                self.twin = None;
                self.twin = Some(self.house.twin().await);
            }
            _ => self.house.restart().await,
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
            (1, Some(twin)) => twin.send(method, path, token, body).await,
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
