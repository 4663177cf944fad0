//! The composition root: the one place (with the files below it) that names adapters and puts
//! them together.

mod background;
mod banner;
mod checkup;
mod database;
mod listener;
mod master_key;
mod migrations;
mod open_files;
mod readiness;
mod sandbox;
pub(crate) mod service_clock;
mod stores;
mod system_clock;
mod tokens;
mod upkeep;
mod wechat;

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::dev::{Server, ServerHandle};
use anyhow::Context;
use domain::access::AccessService;
use domain::account::AccountService;
use domain::avatars::AvatarService;
use domain::login::{LoginPolicy, LoginPorts, LoginService};
use domain::personal_data::PersonalDataService;
use domain::ports::{Clock, OpenDataOpener, WechatUserApi};
use domain::push::PushRelay;
use domain::sessions::{SessionPolicy, SessionService};
use domain::signatures::SignatureService;
use domain::support::SupportDesk;
use persistence::Database;
use wxclient::{HttpCodeExchanger, HttpWechatApi};
use wxcrypto::{AesOpenDataOpener, session_signature};
use wxsandbox::RunningSandbox;

pub(crate) use background::Background;
use banner::Banner;
pub(crate) use checkup::Checkup;
use database::open_database;
pub use database::{migrate, reset_keys, rewrap, rotate_keys};
use listener::{Reserved, bind};
use readiness::ServiceReadiness;
use sandbox::{start_sandbox, with_sandbox};
pub(crate) use service_clock::ServiceClock;
use stores::{Stores, avatar_store, remembering_store};
pub(crate) use system_clock::SystemClock;
use tokens::{keep_keys, token_issuer};
use upkeep::{forget_dead_sessions, remove_old_avatars};
use wechat::{AppList, app_clients, wechat_client};

use crate::http::{self, ApiKeys, HttpState, PushInboxes, Relay, SandboxGuard};
use crate::metrics::Metrics;
use crate::ops::{self, Lifecycle, OpsServer};
use crate::phone_numbers::LibPhoneNumbers;
use crate::phone_quota::MeteredUserApi;
use crate::relay::{Delivery, HttpPushTarget};
use crate::settings::Settings;

/// The running service, with everything it is made of.
pub struct Application {
    server: Server,
    ops: OpsServer,
    background: Background,
    sandbox: Option<RunningSandbox>,
    lifecycle: Lifecycle,
    shutdown_timeout: Duration,
    banner: Banner,
}

impl Application {
    /// Puts the service together and starts to listen. The ops listener answers from the beginning,
    /// the service listens when it is put together.
    ///
    /// The runtime that calls this must outlive the service: all that must not end with an actix
    /// worker runs on it.
    ///
    /// # Errors
    /// If a setting cannot work or an address is taken. Not if WeChat or the database is away.
    pub async fn build(settings: Settings) -> anyhow::Result<Self> {
        Self::build_on(settings, Arc::new(SystemClock)).await
    }

    /// The same on a machine with another clock, as a test has one.
    pub async fn build_on(settings: Settings, machine: Arc<dyn Clock>) -> anyhow::Result<Self> {
        settings.check_sandbox_is_private()?;
        let reserved = Reserved::new(settings.server.listen)?;
        let ops_listener = bind(settings.server.ops_listen)?;
        let ops_address = ops_listener.local_addr()?;
        let guard = SandboxGuard::of(&settings);
        let descriptors = open_files::for_connections(open_files::raise_limit(), &settings);
        let lifecycle = Lifecycle::default();
        let metrics = Arc::new(Metrics::default());
        let ops = ops::serve(
            ops_listener,
            lifecycle.clone(),
            Arc::clone(&metrics),
            guard.clone(),
        )?;
        let background = Background::here();

        let sandbox = start_sandbox(&settings, Some(reserved.address()?))?;
        metrics.show_sandbox(sandbox.is_some());
        let settings = with_sandbox(settings, sandbox.as_ref())?;
        let apps = AppList::of(&settings)?;

        let master_keys = master_key::load(&settings)?;
        let database = open_database(&settings, &master_keys)?;
        database.hold_writers();
        migrations::examine(&database).await?;
        if settings.database.migrate_on_start {
            migrations::bring_up_to_date(&database, settings.database.is_sqlite()).await?;
        }
        tokio::spawn(forget_dead_sessions(database.clone()));
        let pictures = avatar_store(&settings, reserved.address()?)?;
        let clock = keep_time(&database, Arc::clone(&machine)).await;
        let stores = Stores {
            rows: remembering_store(&database, machine),
            pictures,
        };
        let state = compose(
            &settings,
            &database,
            stores,
            apps,
            clock,
            metrics,
            &background,
        )
        .await?;

        let listener = reserved.listen()?;
        let banner = Banner {
            service: listener.local_addr()?,
            ops: ops_address,
            database: settings.database.shown(),
            sandbox: sandbox
                .as_ref()
                .map(|sandbox| (sandbox.base_url().to_owned(), String::from("alice"))),
        };
        let probe = ServiceReadiness {
            database: Arc::new(database.readiness()),
            tokens: state.tokens.clone(),
        };
        let guard = guard.map(|guard| match &sandbox {
            Some(sandbox) => guard.with_page(sandbox.addr().port()),
            None => guard,
        });
        let server = http::serve(listener, state, &settings, guard, descriptors)?;
        lifecycle.begin_serving(Arc::new(probe));
        Ok(Self {
            server,
            ops,
            background,
            sandbox,
            lifecycle,
            shutdown_timeout: Duration::from_millis(settings.server.shutdown_timeout_ms.into()),
            banner,
        })
    }

    /// Where things are.
    #[must_use]
    pub fn banner(&self) -> &Banner {
        &self.banner
    }

    /// The built-in sandbox, if it runs.
    #[must_use]
    pub fn sandbox(&self) -> Option<&RunningSandbox> {
        self.sandbox.as_ref()
    }

    /// Serves until `asked_to_stop` resolves: then the replica is not ready any more, takes no
    /// new connections, and finishes what is under way.
    pub async fn run_until(self, asked_to_stop: impl Future<Output = ()>) -> anyhow::Result<()> {
        let handle = self.server.handle();
        let server = tokio::spawn(self.server);
        asked_to_stop.await;
        tracing::info!("asked to stop: finishing what is under way");
        self.lifecycle.begin_shutdown();
        let deadline = Instant::now() + self.shutdown_timeout;
        stop(&handle, self.shutdown_timeout).await;
        let left = deadline.saturating_duration_since(Instant::now());
        if !self.background.finish(left).await {
            tracing::warn!(
                "some logins whose callers hung up did not finish in time and were cut off"
            );
        }
        server.await??;
        self.ops.stop().await?;
        if let Some(sandbox) = self.sandbox {
            sandbox.stop().await;
        }
        tracing::info!("stopped");
        Ok(())
    }
}

/// Puts adapters behind ports, and ports into use cases.
async fn compose(
    settings: &Settings,
    database: &Database,
    Stores {
        rows: store,
        pictures,
    }: Stores,
    apps: AppList,
    clock: Arc<dyn Clock>,
    metrics: Arc<Metrics>,
    background: &Background,
) -> anyhow::Result<HttpState> {
    let opener: Arc<dyn OpenDataOpener> = Arc::new(AesOpenDataOpener);
    let lifecycle = metrics.counted(store.lifecycle);
    let accounts = store.accounts;
    let avatars = Arc::new(AvatarService {
        store: pictures,
        replaced: Arc::new(database.replaced_avatars()),
        accounts: accounts.clone(),
        clock: clock.clone(),
    });
    tokio::spawn(remove_old_avatars(Arc::clone(&avatars)));
    let policy = login_policy(settings);

    let tokens = Arc::new(token_issuer(settings));
    keep_keys(settings, database, &tokens, &clock).await;

    let wechat = wechat_client(settings, background.runtime(), Some(metrics.wechat_calls()))?;
    metrics.watch(database.statistics(), wechat.clone());
    let clients = app_clients(settings, &wechat, database, &clock)?;
    let wechat_api = Arc::new(HttpWechatApi::new(clients));
    let runtime = background.runtime();
    let user_api = MeteredUserApi::new(wechat_api.clone(), metrics.clone(), runtime);
    let user_api: Arc<dyn WechatUserApi> = Arc::new(user_api);
    let logins = LoginPorts {
        exchanger: Arc::new(HttpCodeExchanger::new(wechat, apps.secrets)),
        opener: Arc::clone(&opener),
        users: store.users,
        sessions: Arc::clone(&store.sessions),
        tokens: tokens.clone(),
        clock: Arc::clone(&clock),
    };
    let push_relay = push_relay(settings, database, &clock, &metrics)?;
    Ok(HttpState {
        relay: Arc::new(Relay {
            use_case: push_relay.clone(),
            clock: clock.clone(),
            background: background.clone(),
            metrics: metrics.clone(),
        }),
        push_relay,
        apps: Arc::new(apps.directory),
        logins: Arc::new(LoginService::new(logins, policy)),
        access: Arc::new(AccessService {
            sessions: store.sessions,
            lifecycle: Arc::clone(&lifecycle),
            tokens: tokens.clone(),
            clock: clock.clone(),
        }),
        sessions: Arc::new(SessionService {
            lifecycle,
            tokens: tokens.clone(),
            clock: clock.clone(),
            policy: SessionPolicy {
                ttl: policy.session_ttl,
                reuse_grace: Duration::from_secs(settings.tokens.reuse_grace_s.into()),
            },
        }),
        accounts: Arc::new(AccountService {
            accounts: accounts.clone(),
            avatars: avatars.clone(),
            clock: clock.clone(),
        }),
        avatars,
        signatures: Arc::new(SignatureService {
            signatories: Arc::new(database.signatories()),
            wechat: user_api.clone(),
            sign: session_signature,
            audit: Arc::new(database.audit()),
            clock: clock.clone(),
        }),
        personal_data: Arc::new(PersonalDataService {
            wechat: user_api,
            opener,
            numbers: Arc::new(LibPhoneNumbers),
            accounts: accounts.clone(),
            clock: clock.clone(),
            max_age: policy.open_data_max_age,
            lookups: Arc::new(database.phone_lookups()),
            lookups_per_day: settings.limits.phone_lookups_per_day,
        }),
        desk: Arc::new(SupportDesk {
            accounts,
            merges: store.merges,
            bans: Arc::new(database.bans()),
            audit: Arc::new(database.audit()),
            clock: clock.clone(),
        }),
        clock,
        wechat_tokens: wechat_api,
        api_keys: Arc::new(ApiKeys::new(&settings.admin.api_keys)),
        push: Arc::new(PushInboxes::of(&settings.apps).context("apps: push_aes_key")?),
        tokens,
        background: Arc::new(background.clone()),
        metrics,
    })
}

/// The clock of the service, set now if the database is there, and again and again.
async fn keep_time(database: &Database, machine: Arc<dyn Clock>) -> Arc<dyn Clock> {
    let clock = Arc::new(ServiceClock::new(machine, Arc::new(database.clock())));
    if let Err(error) = clock.read().await {
        tracing::debug!(%error, "the database's clock could not be read");
    }
    tokio::spawn(ServiceClock::keep(Arc::downgrade(&clock)));
    clock
}

/// The push relay, and the task that delivers what waits.
fn push_relay(
    settings: &Settings,
    database: &Database,
    clock: &Arc<dyn Clock>,
    metrics: &Arc<Metrics>,
) -> anyhow::Result<Arc<PushRelay>> {
    let target = HttpPushTarget::new(&settings.apps, clock.clone());
    let target = target.context("apps: push_relay")?;
    let has_rules = target.has_rules();
    let relay = Arc::new(PushRelay {
        outbox: Arc::new(database.push_outbox()),
        target: Arc::new(target),
        clock: clock.clone(),
    });
    let delivery = Delivery {
        relay: Arc::clone(&relay),
        clock: clock.clone(),
        metrics: Arc::clone(metrics),
        has_rules,
    };
    tokio::spawn(delivery.run());
    Ok(relay)
}

/// Waits for requests under way, and cuts off what is not done in time.
async fn stop(server: &ServerHandle, timeout: Duration) {
    if tokio::time::timeout(timeout, server.stop(true))
        .await
        .is_err()
    {
        tracing::warn!("some requests did not finish in time and were cut off");
        server.stop(false).await;
    }
}

fn login_policy(settings: &Settings) -> LoginPolicy {
    let max_age = u64::from(settings.open_data.max_age_s);
    LoginPolicy {
        open_data_max_age: (max_age > 0).then(|| Duration::from_secs(max_age)),
        session_ttl: Duration::from_secs(settings.tokens.refresh_ttl_s.into()),
        exchange_timeout: Duration::from_millis(settings.wechat.timeout_ms.into()),
        sessions_per_user: settings.limits.sessions_per_user,
    }
}
