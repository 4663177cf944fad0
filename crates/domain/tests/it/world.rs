//! What the use cases of a test share, and users who are logged in.

use std::net::IpAddr;
use std::sync::Arc;

use domain::account::AccountService;
use domain::app::App;
use domain::audit::{AuditActor, Caller};
use domain::avatars::AvatarService;
use domain::id::AppId;
use domain::login::{Login, LoginAttempt, LoginPolicy, LoginPorts, LoginService};
use domain::secret::{LoginCode, LoginNonce};
use domain::testing::{
    FixedClock, InMemoryAvatars, InMemoryStore, PlainTokens, ScriptedExchanger, TrustingOpener,
};
use domain::time::Duration;
use uuid::Uuid;

/// The fakes behind the use cases of a test.
#[derive(Default)]
pub(crate) struct World {
    pub(crate) wechat: Arc<ScriptedExchanger>,
    pub(crate) store: Arc<InMemoryStore>,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) tokens: Arc<PlainTokens>,
    pub(crate) pictures: Arc<InMemoryAvatars>,
}

impl World {
    /// The logins of one replica; all replicas of a test share the fakes.
    pub(crate) fn replica(&self) -> LoginService {
        let ports = LoginPorts {
            exchanger: self.wechat.clone(),
            opener: Arc::new(TrustingOpener),
            users: self.store.clone(),
            sessions: self.store.clone(),
            tokens: self.tokens.clone(),
            clock: self.clock.clone(),
        };
        let policy = LoginPolicy {
            open_data_max_age: None,
            session_ttl: Duration::from_hours(1),
            exchange_timeout: Duration::from_secs(5),
            sessions_per_user: 100,
        };
        LoginService::new(ports, policy)
    }

    pub(crate) fn avatars(&self) -> Arc<AvatarService> {
        Arc::new(AvatarService {
            store: self.pictures.clone(),
            replaced: self.store.clone(),
            accounts: self.store.clone(),
            clock: self.clock.clone(),
        })
    }

    pub(crate) fn accounts(&self) -> AccountService {
        AccountService {
            accounts: self.store.clone(),
            avatars: self.avatars(),
            clock: self.clock.clone(),
        }
    }

    /// Logs `open_id` in to the app `wx01`, with a session_key `key of …` the code.
    pub(crate) async fn log_in(&self, open_id: &str) -> Login {
        let code = Uuid::now_v7().to_string();
        self.wechat.give_code(&code, open_id, None);
        self.replica().login(&attempt(&code, None)).await.unwrap()
    }
}

/// A login to the app `wx01`.
pub(crate) fn attempt(code: &str, nonce: Option<&str>) -> LoginAttempt {
    LoginAttempt {
        app: App {
            id: AppId::new("wx01"),
            open_platform: None,
        },
        code: LoginCode::new(code),
        nonce: nonce.map(LoginNonce::new),
        encrypted_data: None,
        raw_data: None,
    }
}

/// The holder of an API key.
pub(crate) fn operator() -> Caller {
    Caller {
        actor: AuditActor::ApiKey(String::from("desk")),
        from: Some(IpAddr::from([127, 0, 0, 1])),
    }
}
