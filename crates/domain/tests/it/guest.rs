//! A user who is logged in, for use cases that begin after the login.

use std::sync::Arc;

use domain::app::App;
use domain::id::AppId;
use domain::login::{LoginAttempt, LoginPolicy, LoginPorts, LoginService};
use domain::secret::LoginCode;
use domain::session::SessionAccount;
use domain::testing::{FixedClock, InMemoryStore, PlainTokens, ScriptedExchanger, TrustingOpener};
use domain::time::Duration;

/// Logs `open_id` in to the app `wx01`.
pub(crate) async fn logged_in(store: &Arc<InMemoryStore>, open_id: &str) -> SessionAccount {
    let wechat = ScriptedExchanger::default();
    wechat.give_code("c", open_id, None);
    let ports = LoginPorts {
        exchanger: Arc::new(wechat),
        opener: Arc::new(TrustingOpener),
        users: store.clone(),
        sessions: store.clone(),
        tokens: Arc::new(PlainTokens::default()),
        clock: Arc::new(FixedClock::default()),
    };
    let policy = LoginPolicy {
        open_data_max_age: None,
        session_ttl: Duration::from_hours(1),
        exchange_timeout: Duration::from_secs(5),
        sessions_per_user: 100,
    };
    let attempt = LoginAttempt {
        app: App {
            id: AppId::new("wx01"),
            open_platform: None,
        },
        code: LoginCode::new("c"),
        nonce: None,
        encrypted_data: None,
        raw_data: None,
    };
    let login = LoginService::new(ports, policy).login(&attempt).await;
    login.unwrap().account
}
