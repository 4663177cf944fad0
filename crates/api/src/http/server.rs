//! The HTTP server: what every request passes through, and what handlers work with.

use std::net::TcpListener;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::middleware::{Condition, from_fn};
use actix_web::web::{Data, ServiceConfig};
use actix_web::{App, HttpServer};
use domain::access::AccessService;
use domain::account::AccountService;
use domain::app::AppDirectory;
use domain::avatars::AvatarService;
use domain::login::LoginService;
use domain::personal_data::PersonalDataService;
use domain::ports::WechatTokenSource;
use domain::push::PushRelay;
use domain::sessions::SessionService;
use domain::signatures::SignatureService;
use domain::support::SupportDesk;
use tracing_actix_web::TracingLogger;

use super::connections::Connections;
use super::endpoints::auth::SignatureLimit;
use super::endpoints::avatars::{AvatarLimit, FORM_OVERHEAD};
use super::endpoints::push::{PushInboxes, Relay};
use super::extractors::{ApiKeys, Gateway, Limit, LoginLimit, TrustedProxies};
use super::middleware::body::BodyReader;
use super::middleware::load_shed::Places;
use super::middleware::request_span::RequestSpan;
use super::middleware::sandbox_guard::SandboxGuard;
use super::middleware::{cors, frame, load_shed, sandbox_guard};
use super::routes;
use crate::metrics::Metrics;
use crate::settings;
use crate::startup::Background;
use crate::tokens::JwtTokenIssuer;

/// How often addresses that have been quiet are forgotten.
const FORGET_EVERY: Duration = Duration::from_mins(1);

/// How long an idle connection is kept: longer than the proxies in front keep theirs, so that
/// they never send into a connection that is being closed.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// Declares what the handlers ask for as [`Data`], and how they get it.
macro_rules! state {
    ($($field:ident: $type:ty,)+) => {
        /// What the handlers work with.
        #[derive(Clone)]
        pub(crate) struct HttpState {
            $(pub(crate) $field: Arc<$type>,)+
        }

        impl HttpState {
            fn share(&self, config: &mut ServiceConfig) {
                $(config.app_data(Data::from(Arc::clone(&self.$field)));)+
            }
        }
    };
}

state! {
    apps: AppDirectory,
    logins: LoginService,
    access: AccessService,
    sessions: SessionService,
    accounts: AccountService,
    avatars: AvatarService,
    personal_data: PersonalDataService,
    desk: SupportDesk,
    push_relay: PushRelay,
    relay: Relay,
    signatures: SignatureService,
    tokens: JwtTokenIssuer,
    wechat_tokens: dyn WechatTokenSource,
    api_keys: ApiKeys,
    push: PushInboxes,
    // Work that outlives its request and its worker.
    background: Background,
    metrics: Metrics,
}

/// Starts to serve mini programs on `listener`, whose connections may have so many `descriptors`.
pub(crate) fn serve(
    listener: TcpListener,
    state: HttpState,
    settings: &settings::Settings,
    guard: Option<SandboxGuard>,
    descriptors: usize,
) -> std::io::Result<Server> {
    let server = settings.server.clone();
    let proxies = TrustedProxies::new(server.trusted_proxies.clone());
    let connections = Connections::new(descriptors, proxies.clone());
    connections.close_silent();
    let max_connections = connections.limit();
    let bounds = bounds(settings, proxies, &state.api_keys);
    let (origins, headers) = (server.cors_allowed_origins, server.cors_allowed_headers);
    let has_keys = !state.api_keys.is_empty();
    let has_cors = !origins.is_empty() || guard.is_some();
    let http = HttpServer::new(move || {
        let mut app = App::new();
        if let Some(guard) = &guard {
            app = app.app_data(Data::new(guard.clone()));
        }
        app.configure(&bounds)
            .configure(|config| state.share(config))
            .configure(|config| routes::configure(config, has_keys))
            // The last one wraps all others: a request passes from the bottom of this list to
            // its top.
            .wrap(from_fn(load_shed::shed))
            .wrap(Condition::new(
                has_cors,
                cors::rules(&origins, &headers, guard.clone()),
            ))
            .wrap(Condition::new(has_cors, from_fn(cors::in_our_form)))
            .wrap(Condition::new(
                guard.is_some(),
                from_fn(sandbox_guard::keep),
            ))
            .wrap(TracingLogger::<RequestSpan>::new())
            .wrap(from_fn(frame::frame))
    });
    let cores = || available_parallelism().map_or(1, NonZeroUsize::get);
    let workers = server.workers.map_or_else(cores, |count| count as usize);
    let shutdown_s = u64::from(server.shutdown_timeout_ms).div_ceil(1_000);
    Ok(http
        .workers(workers)
        .max_connections(max_connections.div_ceil(workers))
        .on_connect(move |io, extensions| connections.count(io, extensions))
        // `Silent` bounds the time instead: this timer also refuses a request that arrived while the process
        // stood still.
        .client_request_timeout(Duration::ZERO)
        .keep_alive(KEEP_ALIVE)
        // An answer goes out at once, also if the one before it was not acknowledged yet.
        .tcp_nodelay(true)
        .shutdown_timeout(shutdown_s)
        .disable_signals()
        .listen(listener)?
        .run())
}

/// What middleware and extractors keep between requests, shared by all workers.
fn bounds(
    settings: &settings::Settings,
    proxies: TrustedProxies,
    keys: &Arc<ApiKeys>,
) -> impl Fn(&mut ServiceConfig) + Clone + Send + 'static {
    let limit = Data::new(LoginLimit::new(
        settings.limits.login_per_minute_per_ip,
        proxies.clone(),
    ));
    let avatar_limit = settings.avatars.max_bytes as usize;
    let bodies = Data::new(BodyReader::new(
        settings.server.max_body_bytes as usize,
        avatar_limit + FORM_OVERHEAD,
        proxies.clone(),
    ));
    let avatar_limit = Data::new(AvatarLimit(avatar_limit));
    let proxies = Data::new(proxies);
    let gateway = Data::new(Gateway {
        is_believed: settings.wechat.cloud_hosting,
    });
    let signature_limit = Data::new(SignatureLimit::new());
    forget_quiet_addresses(&limit, keys);
    let places = Data::new(Places::new(settings.limits.max_inflight));
    move |config| {
        config
            .app_data(proxies.clone())
            .app_data(gateway.clone())
            .app_data(limit.clone())
            .app_data(signature_limit.clone())
            .app_data(places.clone())
            .app_data(bodies.clone())
            .app_data(avatar_limit.clone());
    }
}

fn forget_quiet_addresses(limit: &Data<LoginLimit>, keys: &Arc<ApiKeys>) {
    let limit = Arc::downgrade(&limit.clone().into_inner());
    let keys = Arc::downgrade(keys);
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(FORGET_EVERY).await;
            let (Some(limit), Some(keys)) = (limit.upgrade(), keys.upgrade()) else {
                return;
            };
            limit.by_address.iter().for_each(Limit::forget_quiet);
            keys.guesses.wrong.forget_quiet();
        }
    });
}
