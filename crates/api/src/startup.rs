//! The composition root: the one file that names adapters and puts them together.

mod checkup;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};
use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::access::AccessService;
use domain::account::AccountService;
use domain::app::{App, AppDirectory};
use domain::audit::{AuditAction, AuditEntry};
use domain::id::{AppId, OpenPlatform};
use domain::login::{LoginPolicy, LoginPorts, LoginService};
use domain::personal_data::PersonalDataService;
use domain::ports::{
    AccountRepository, Clock, OpenDataOpener, ReadinessProbe, SigningKeyRepository,
    WechatTokenRepository,
};
use domain::sessions::SessionService;
use domain::support::SupportDesk;
use domain::time::before;
use persistence::{Database, DatabaseOptions, MasterKeys, RewrapProgress};
use secrecy::{ExposeSecret, SecretString};
use url::Url;
use wxclient::security::{ApiSecurity, ApiSecurityKeys, KeyError};
use wxclient::{
    AppClient, AppSecret, HttpCodeExchanger, HttpWechatTokenSource, HttpWechatUserApi, WechatClient,
};
use wxcrypto::AesOpenDataOpener;
use wxsandbox::{RunningSandbox, Sandbox, SandboxConfig};

pub(crate) use checkup::Checkup;

use crate::banner::Banner;
use crate::http::{self, ApiKeys, HttpState, PushInboxes};
use crate::metrics::Metrics;
use crate::ops::{self, Lifecycle};
use crate::session_memory::SessionMemory;
use crate::settings::{self, Listen, Secret, Settings};
use crate::system_clock::SystemClock;
use crate::tokens::{JwtTokenIssuer, KeyKeeper, new_key};
use crate::{master_key, schema};

/// How often dead sessions are looked for.
const FORGET_EVERY: Duration = Duration::from_hours(1);

/// How long a dead session is kept, for the user who asks where they were logged in.
const KEPT_DEAD: Duration = Duration::from_hours(7 * 24);

/// The running service, with everything it is made of.
pub struct Application {
    server: Server,
    ops: Server,
    sandbox: Option<RunningSandbox>,
    lifecycle: Lifecycle,
    shutdown_timeout: Duration,
    banner: Banner,
}

impl Application {
    /// Puts the service together and starts to listen.
    ///
    /// # Errors
    /// If a setting cannot work or an address is taken. Not if WeChat or the database is away.
    pub async fn build(settings: Settings) -> anyhow::Result<Self> {
        settings.check_sandbox_is_private()?;
        let sandbox = start_sandbox(&settings)?;
        let settings = with_sandbox(settings, sandbox.as_ref())?;
        let apps = AppList::of(&settings)?;

        let master_keys = master_key::load(&settings)?;
        let database = open_database(&settings, &master_keys)?;
        if settings.database.migrate_on_start {
            schema::bring_up_to_date(&database, settings.database.is_sqlite()).await?;
        }
        tokio::spawn(forget_dead_sessions(database.clone()));
        let metrics = Arc::new(Metrics::default());
        let state = compose(&settings, &database, apps, Arc::clone(&metrics)).await?;

        let (listener, ops_listener) = (
            bind(settings.server.listen)?,
            bind(settings.server.ops_listen)?,
        );
        let banner = Banner {
            service: listener.local_addr()?,
            ops: ops_listener.local_addr()?,
            database: settings.database.shown(),
            sandbox: sandbox
                .as_ref()
                .map(|sandbox| (sandbox.base_url().to_owned(), String::from("alice"))),
        };
        let lifecycle = Lifecycle::default();
        let probe: Arc<dyn ReadinessProbe> = Arc::new(database.readiness());
        Ok(Self {
            server: http::serve(listener, state, &settings)?,
            ops: ops::serve(ops_listener, probe, lifecycle.clone(), metrics)?,
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
    ///
    /// # Errors
    /// If a listener fails.
    pub async fn run_until(self, asked_to_stop: impl Future<Output = ()>) -> anyhow::Result<()> {
        let (handle, ops_handle) = (self.server.handle(), self.ops.handle());
        let ops = tokio::spawn(self.ops);
        let server = tokio::spawn(self.server);
        asked_to_stop.await;
        tracing::info!("asked to stop: finishing what is under way");
        self.lifecycle.begin_shutdown();
        stop(&handle, self.shutdown_timeout).await;
        ops_handle.stop(false).await;
        server.await??;
        ops.await??;
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
    apps: AppList,
    metrics: Arc<Metrics>,
) -> anyhow::Result<HttpState> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let opener: Arc<dyn OpenDataOpener> = Arc::new(AesOpenDataOpener);
    let accounts: Arc<dyn AccountRepository> = Arc::new(database.accounts());
    let policy = login_policy(settings);

    let tokens = Arc::new(token_issuer(settings));
    keep_keys(database, &tokens, &clock).await;
    let memory = remember(database);

    let wechat = wechat_client(settings)?;
    let app_clients = app_clients(settings, &wechat, database, &clock)?;
    let wechat_tokens = Arc::new(HttpWechatTokenSource::new(app_clients.clone()));
    let logins = LoginPorts {
        exchanger: Arc::new(HttpCodeExchanger::new(wechat, apps.secrets)),
        opener: Arc::clone(&opener),
        users: Arc::new(database.users()),
        sessions: memory.clone(),
        tokens: tokens.clone(),
        clock: Arc::clone(&clock),
    };
    Ok(HttpState {
        apps: Arc::new(apps.directory),
        logins: Arc::new(LoginService::new(logins, policy)),
        access: Arc::new(AccessService::new(
            memory.clone(),
            memory.clone(),
            tokens.clone(),
            clock.clone(),
        )),
        sessions: Arc::new(SessionService::new(
            memory.clone(),
            tokens.clone(),
            clock.clone(),
            policy.session_ttl,
        )),
        accounts: Arc::new(AccountService::new(accounts.clone(), clock.clone())),
        personal_data: Arc::new(PersonalDataService::new(
            Arc::new(HttpWechatUserApi::new(app_clients)),
            opener,
            accounts.clone(),
            clock.clone(),
            policy.open_data_max_age,
        )),
        desk: Arc::new(SupportDesk::new(
            accounts,
            Arc::new(database.merges()),
            Arc::new(database.audit()),
            clock.clone(),
        )),
        clock,
        wechat_tokens,
        api_keys: Arc::new(ApiKeys::new(&settings.admin.api_keys)),
        push: Arc::new(PushInboxes::of(&settings.apps).context("apps: push_aes_key")?),
        tokens,
        memory,
        metrics,
    })
}

/// Gives the issuer its keys, now if the database is there, and whenever they change.
async fn keep_keys(database: &Database, issuer: &Arc<JwtTokenIssuer>, clock: &Arc<dyn Clock>) {
    let keeper = KeyKeeper {
        repository: Arc::new(database.signing_keys()),
        issuer: Arc::clone(issuer),
        clock: Arc::clone(clock),
    };
    if let Err(error) = keeper.read().await {
        tracing::error!(
            error = format!("{error:#}"),
            "the signing keys cannot be read, so nobody can log in; the service keeps trying"
        );
    }
    tokio::spawn(keeper.keep());
}

/// Removes, now and then, the sessions that have been dead for a while, so that they do not pile
/// up. Each replica does so; there is nothing left for the second.
async fn forget_dead_sessions(database: Database) {
    loop {
        SystemClock.wait(FORGET_EVERY).await;
        match database
            .forget_dead_sessions(before(SystemClock.now(), KEPT_DEAD))
            .await
        {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "dead sessions were forgotten"),
            Err(error) => tracing::debug!(%error, "dead sessions could not be forgotten"),
        }
    }
}

/// What this replica remembers, listening to the others.
fn remember(database: &Database) -> Arc<SessionMemory> {
    let memory = Arc::new(SessionMemory::new(
        Arc::new(database.sessions()),
        Arc::new(database.lifecycle()),
        Arc::new(database.changes()),
    ));
    tokio::spawn(SessionMemory::listen(Arc::downgrade(&memory)));
    memory
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

/// Brings the database to the newest schema.
///
/// # Errors
/// If the database does not answer or refuses.
pub async fn migrate(settings: &Settings) -> anyhow::Result<()> {
    // Migrations open nothing that is sealed, so any key will do.
    let any_key = SecretString::from(STANDARD.encode([0; 32]));
    let database = open_database(settings, &[any_key])?;
    let done = database.migrate().await?;
    for migration in &done {
        tracing::info!(migration, "migrated");
    }
    Ok(())
}

/// Makes a new signing key.
///
/// # Errors
/// If the database does not answer or refuses.
pub async fn rotate_keys(settings: &Settings) -> anyhow::Result<()> {
    let database = open_database(settings, &master_key::load(settings)?)?;
    let key = new_key(&SystemClock);
    let longest = settings
        .tokens
        .refresh_ttl_s
        .max(settings.tokens.access_ttl_s);
    let dead_since = before(key.created_at, Duration::from_secs(longest.into()));
    let audit = AuditEntry {
        id: SystemClock.new_id(),
        at: key.created_at,
        actor: String::from("operator"),
        action: AuditAction::RotateKeys,
        user_id: None,
        subject: Some(key.id.to_string()),
        from: None,
    };
    database
        .signing_keys()
        .rotate(key, dead_since, audit)
        .await
        .context("the key was not stored")
}

/// Seals every stored secret under the first master key. Gives what was done.
///
/// # Errors
/// If the database does not answer.
pub async fn rewrap(
    settings: &Settings,
    progress: impl Fn(RewrapProgress) + Send + Sync,
) -> anyhow::Result<RewrapProgress> {
    let database = open_database(settings, &master_key::load(settings)?)?;
    Ok(database.rewrap(progress).await?)
}

fn open_database(settings: &Settings, master_keys: &[SecretString]) -> anyhow::Result<Database> {
    let url = SecretString::from(settings.database.url.expose());
    let master_keys = MasterKeys::from_base64(master_keys).context("master_key")?;
    let options = DatabaseOptions {
        pool_size: settings.database.pool_size,
        acquire_timeout: Duration::from_millis(settings.database.acquire_timeout_ms.into()),
        ..DatabaseOptions::new(url, master_keys)
    };
    Database::open(options).context("database.url")
}

fn token_issuer(settings: &Settings) -> JwtTokenIssuer {
    let tokens = &settings.tokens;
    JwtTokenIssuer::new(
        tokens.issuer.clone(),
        Duration::from_secs(tokens.access_ttl_s.into()),
        Duration::from_secs(tokens.refresh_ttl_s.into()),
    )
}

fn login_policy(settings: &Settings) -> LoginPolicy {
    let max_age = u64::from(settings.open_data.max_age_s);
    LoginPolicy {
        open_data_max_age: (max_age > 0).then(|| Duration::from_secs(max_age)),
        session_ttl: Duration::from_secs(settings.tokens.refresh_ttl_s.into()),
    }
}

fn wechat_client(settings: &Settings) -> anyhow::Result<WechatClient> {
    let wechat = &settings.wechat;
    let mut builder = WechatClient::builder()
        .connect_timeout(Duration::from_millis(wechat.connect_timeout_ms.into()))
        .timeout(Duration::from_millis(wechat.timeout_ms.into()))
        .max_concurrency(wechat.max_concurrency as usize);
    if let Some(url) = &wechat.base_url {
        builder = builder.base_url(url.0.clone());
    }
    builder.build().context("wechat.base_url")
}

/// The configured apps, once for those who may know their secrets and once for the others.
struct AppList {
    directory: AppDirectory,
    secrets: Vec<wxclient::App>,
}

impl AppList {
    fn of(settings: &Settings) -> anyhow::Result<Self> {
        let mut apps = settings.apps.iter().map(|app| App {
            id: AppId::new(&app.app_id),
            open_platform: app.open_platform.as_ref().map(OpenPlatform::new),
        });
        let first = apps.next().context("no app is configured")?;
        let secrets = settings.apps.iter().map(wechat_app);
        Ok(Self {
            directory: AppDirectory::new(first, apps.collect()),
            secrets: secrets.collect(),
        })
    }
}

/// A client for each app, for the calls that need its access_token, which replicas share.
fn app_clients(
    settings: &Settings,
    wechat: &WechatClient,
    database: &Database,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Vec<AppClient>> {
    let tokens: Arc<dyn WechatTokenRepository> = Arc::new(database.wechat_tokens());
    let client = |app: &settings::App| {
        let client =
            AppClient::new(wechat.clone(), wechat_app(app)).sharing(tokens.clone(), clock.clone());
        let Some(security) = &app.api_security else {
            return Ok(client);
        };
        let security = api_security(&app.app_id, security, clock.clone())
            .with_context(|| format!("api_security of app {}", app.app_id))?;
        Ok(client.secured(security))
    };
    settings.apps.iter().map(client).collect()
}

fn wechat_app(app: &settings::App) -> wxclient::App {
    wxclient::App {
        app_id: AppId::new(&app.app_id),
        secret: AppSecret::new(app.secret.expose()),
    }
}

fn api_security(
    app_id: &str,
    keys: &settings::ApiSecurity,
    clock: Arc<dyn Clock>,
) -> Result<ApiSecurity, KeyError> {
    let keys = ApiSecurityKeys {
        symmetric_key: SecretString::from(keys.symmetric_key.expose()),
        symmetric_key_serial: keys.symmetric_key_serial.clone(),
        private_key: SecretString::from(keys.private_key.expose()),
        private_key_serial: keys.private_key_serial.clone(),
        platform_certificate: keys.platform_certificate.clone(),
        platform_certificate_serial: keys.platform_certificate_serial.clone(),
    };
    ApiSecurity::new(AppId::new(app_id), &keys, clock)
}

/// Starts the built-in WeChat, if no app is configured.
fn start_sandbox(settings: &Settings) -> anyhow::Result<Option<RunningSandbox>> {
    if !settings.apps.is_empty() {
        return Ok(None);
    }
    let listener = bind(settings.sandbox.listen)?;
    Ok(Some(Sandbox::start(SandboxConfig::default(), listener)?))
}

/// The settings as they are with the sandbox in WeChat's place.
fn with_sandbox(
    mut settings: Settings,
    sandbox: Option<&RunningSandbox>,
) -> anyhow::Result<Settings> {
    if let Some(sandbox) = sandbox {
        settings.wechat.base_url = Some(settings::HttpUrl(Url::parse(sandbox.base_url())?));
        settings.apps = SandboxConfig::default()
            .apps()
            .iter()
            .map(sandbox_app)
            .collect();
    }
    Ok(settings)
}

fn sandbox_app(app: &wxsandbox::AppConfig) -> settings::App {
    settings::App {
        app_id: app.app_id.clone(),
        secret: Secret::new(app.secret.expose_secret()),
        name: Some(app.name.clone()),
        open_platform: app.open_platform.clone(),
        push_token: None,
        push_aes_key: None,
        api_security: None,
    }
}

fn bind(Listen(address): Listen) -> anyhow::Result<TcpListener> {
    bind_to(address).with_context(|| {
        format!("cannot listen on {address}; is another program there? (each address is a setting: server.listen, server.ops_listen, sandbox.listen)")
    })
}

fn bind_to(address: SocketAddr) -> std::io::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}
