//! The cost of the use case of a login: the same ports, with it and without it.
#![expect(clippy::unwrap_used, reason = "a bench that cannot go on has failed")]

use std::sync::Arc;

use divan::{Bencher, Divan};
use domain::app::App;
use domain::id::AppId;
use domain::login::{LoginAttempt, LoginPolicy, LoginPorts, LoginService};
use domain::ports::{AccessGrant, CodeExchanger, TokenIssuer, UserRepository};
use domain::secret::{LoginCode, LoginNonce};
use domain::session::Generation;
use domain::testing::repository_contract::Guest;
use domain::testing::{FixedClock, InMemoryStore, PlainTokens, ScriptedExchanger, TrustingOpener};
use domain::time::{Duration, Timestamp};
use domain::visit::Visit;
use tokio::runtime::Builder;

const APP_ID: &str = "wx01";

/// How many users log in, in turn.
const GUESTS: usize = 1000;

fn main() {
    // One time alone would be that of cold caches.
    let defaults = Divan::default().sample_size(100);
    defaults.config_with_args().main();
}

#[divan::bench]
fn login(bencher: Bencher) {
    let doors = Doors::default();
    let service = doors.service();
    let runtime = Builder::new_current_thread().build().unwrap();
    let mut turn = 0;
    bencher
        .with_inputs(|| {
            turn += 1;
            doors.attempt(turn)
        })
        .bench_local_refs(|attempt| runtime.block_on(service.login(attempt)).unwrap());
}

/// What the fakes themselves cost: to be taken off the above.
#[divan::bench]
fn doors_alone(bencher: Bencher) {
    let doors = Doors::default();
    let runtime = Builder::new_current_thread().build().unwrap();
    let mut turn = 0;
    bencher
        .with_inputs(|| {
            turn += 1;
            let visit = guest(turn).visit(0);
            let grant = AccessGrant {
                user_id: visit.new_user_id,
                session_id: visit.session.id,
                app_id: visit.app.id.clone(),
                generation: Generation::FIRST,
            };
            (doors.attempt(turn), visit, grant)
        })
        .bench_local_values(|(attempt, visit, grant)| {
            runtime.block_on(doors.walk_through(&attempt, visit, &grant));
            (attempt, grant)
        });
}

#[derive(Default)]
struct Doors {
    wechat: Arc<ScriptedExchanger>,
    store: Arc<InMemoryStore>,
    tokens: Arc<PlainTokens>,
}

impl Doors {
    fn service(&self) -> LoginService {
        let ports = LoginPorts {
            exchanger: self.wechat.clone(),
            opener: Arc::new(TrustingOpener),
            users: self.store.clone(),
            sessions: self.store.clone(),
            tokens: self.tokens.clone(),
            clock: Arc::new(FixedClock::default()),
        };
        let policy = LoginPolicy {
            open_data_max_age: None,
            session_ttl: Duration::from_hours(1),
            exchange_timeout: Duration::from_secs(5),
            sessions_per_user: 100,
        };
        LoginService::new(ports, policy)
    }

    /// With a code that WeChat takes, and a nonce.
    fn attempt(&self, turn: usize) -> LoginAttempt {
        let code = format!("code {turn}");
        self.wechat
            .give_code(&code, guest(turn).open_id().as_str(), None);
        LoginAttempt {
            app: App {
                id: AppId::new(APP_ID),
                open_platform: None,
            },
            code: LoginCode::new(code),
            nonce: Some(LoginNonce::new("0123456789abcdef")),
            encrypted_data: None,
            raw_data: None,
        }
    }

    /// Calls each port that a login calls.
    async fn walk_through(&self, attempt: &LoginAttempt, visit: Visit, grant: &AccessGrant) {
        let exchanged = self.wechat.exchange(&attempt.app.id, &attempt.code).await;
        let recorded = self.store.record_visit(visit).await;
        let issued = self.tokens.issue(grant, Timestamp::UNIX_EPOCH);
        divan::black_box((exchanged.unwrap(), recorded.unwrap(), issued.unwrap()));
    }
}

fn guest(turn: usize) -> Guest {
    Guest::new(APP_ID, &format!("o-{}", turn % GUESTS))
}
