//! The composition root: the one place (with the files below it) that names adapters and puts
//! them together.

mod background;
mod banner;
mod checkup;
mod composition_root;
mod database;
mod listener;
mod master_key;
mod migrations;
mod open_files;
mod sandbox;
pub(crate) mod service_clock;
mod upkeep;
mod wechat;

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::dev::{Server, ServerHandle};
use domain::ports::Clock;
use persistence::Database;
use wxsandbox::RunningSandbox;

pub(crate) use background::Background;
use banner::Banner;
pub(crate) use checkup::Checkup;
use composition_root::{CompositionRoot, avatar_store, remembering_store};
use database::open_database;
pub use database::{migrate, reset_keys, rewrap, rotate_keys};
use listener::{Reserved, bind};
use sandbox::{start_sandbox, with_sandbox};
pub(crate) use service_clock::ServiceClock;
use upkeep::forget_dead_sessions;
use wechat::{AppList, wechat_client};

use crate::http::{self, SandboxGuard};
use crate::machine_time::SystemClock;
use crate::metrics::Metrics;
use crate::ops::{self, Lifecycle, OpsServer, Readiness};
use crate::settings::Settings;

/// The running service, with everything it is made of.
pub struct Application {
    server: Server,
    ops: OpsServer,
    background: Background,
    sandbox: Option<RunningSandbox>,
    lifecycle: Arc<Lifecycle>,
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
        let lifecycle = Arc::<Lifecycle>::default();
        let metrics = Arc::new(Metrics::default());
        let ops = ops::serve(
            ops_listener,
            lifecycle.clone(),
            Arc::clone(&metrics),
            guard.clone(),
        )?;
        let background = Background::here();

        let sandbox = start_sandbox(&settings, Some(reserved.address()?))?;
        metrics.sandbox.set(i64::from(sandbox.is_some()));
        let settings = with_sandbox(settings, sandbox.as_ref())?;
        let apps = AppList::of(&settings)?;

        let master_keys = master_key::load(&settings)?;
        let database = open_database(&settings, &master_keys)?;
        database.hold_writers();
        let looked_at = tokio::spawn(migrations::look(database.clone()));
        // It reads the CA certificates, which takes about as long as the look at the database.
        let observer = metrics.wechat_calls();
        let wechat = wechat_client(&settings, background.runtime(), Some(observer))?;
        let is_newest = looked_at.await??;
        if settings.database.migrate_on_start && !is_newest {
            migrations::bring_up_to_date(&database, settings.database.is_sqlite()).await?;
        }
        tokio::spawn(forget_dead_sessions(database.clone()));
        let pictures = avatar_store(&settings, reserved.address()?)?;
        let clock = keep_time(&database, Arc::clone(&machine)).await;
        let root = CompositionRoot {
            settings: &settings,
            database: &database,
            store: remembering_store(&database, machine),
            pictures,
            clock,
            wechat,
            metrics,
            background: &background,
        };
        let state = root.compose(apps).await?;

        let listener = reserved.listen()?;
        let banner = Banner {
            service: listener.local_addr()?,
            ops: ops_address,
            database: settings.database.shown(),
            sandbox: sandbox.as_ref().map(|running| running.base_url().into()),
        };
        let readiness = Readiness {
            database: Arc::new(database.readiness()),
            tokens: state.tokens.clone(),
        };
        let page = sandbox.as_ref().map(|sandbox| sandbox.addr().port());
        let guard = guard.map(|guard| guard.with_page(page));
        let server = http::serve(listener, state, &settings, guard, descriptors)?;
        lifecycle.begin_serving(readiness);
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
    pub fn banner(&self) -> &Banner {
        &self.banner
    }

    /// The built-in sandbox, if it runs.
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

/// The clock of the service, set now if the database is there, and again and again.
async fn keep_time(database: &Database, machine: Arc<dyn Clock>) -> Arc<dyn Clock> {
    let clock = Arc::new(ServiceClock::new(machine, Arc::new(database.clock())));
    if let Err(error) = clock.read().await {
        tracing::debug!(%error, "the database's clock could not be read");
    }
    tokio::spawn(ServiceClock::keep(Arc::downgrade(&clock)));
    clock
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
