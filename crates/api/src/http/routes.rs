//! Which path answers what, and what every request passes through.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::middleware::{Condition, from_fn};
use actix_web::web::{self, Data, ServiceConfig, delete, get, patch, post, put};
use actix_web::{App, HttpServer, Resource, Route};
use domain::access::AccessService;
use domain::account::AccountService;
use domain::app::AppDirectory;
use domain::avatars::AvatarService;
use domain::login::LoginService;
use domain::personal_data::PersonalDataService;
use domain::ports::{Clock, WechatTokenSource};
use domain::push::PushRelay;
use domain::sessions::SessionService;
use domain::signatures::SignatureService;
use domain::support::SupportDesk;
use tracing_actix_web::TracingLogger;

use super::connections::Connections;
use super::endpoints::auth::SignatureLimit;
use super::endpoints::avatars::AvatarLimit;
use super::endpoints::push::PushInboxes;
use super::endpoints::{
    admin, auth, avatars, jwks, login, me, metadata, personal_data, push, refresh, sessions,
};
use super::extractors::api_key::ApiKeys;
use super::extractors::client_address::TrustedProxies;
use super::extractors::gateway::Gateway;
use super::middleware::body::BodyReader;
use super::middleware::load_shed::Places;
use super::middleware::login_limit::LoginLimit;
use super::middleware::request_span::RequestSpan;
use super::middleware::sandbox_guard::SandboxGuard;
use super::middleware::{cors, frame, load_shed, login_limit, sandbox_guard};
use super::openapi;
use super::replies::error::ApiError;
use super::replies::error_code::ErrorCode;
use crate::metrics::Metrics;
use crate::settings;
use crate::startup::Background;
use crate::tokens::JwtTokenIssuer;

/// How often addresses that have been quiet are forgotten.
const FORGET_EVERY: Duration = Duration::from_mins(1);

/// How long an idle connection is kept: longer than the proxies in front keep theirs, so that
/// they never send into a connection that is being closed.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// What the handlers work with.
#[derive(Clone)]
pub struct HttpState {
    /// The configured apps.
    pub apps: Arc<AppDirectory>,
    /// Logins.
    pub logins: Arc<LoginService>,
    /// Requests with a token.
    pub access: Arc<AccessService>,
    /// Sessions going on and ending.
    pub sessions: Arc<SessionService>,
    /// Users' own accounts.
    pub accounts: Arc<AccountService>,
    /// Their pictures.
    pub avatars: Arc<AvatarService>,
    /// Open data and phone numbers.
    pub personal_data: Arc<PersonalDataService>,
    /// The support desk.
    pub desk: Arc<SupportDesk>,
    /// WeChat's messages for other services.
    pub relay: Arc<PushRelay>,
    /// Signatures with session_keys.
    pub signatures: Arc<SignatureService>,
    /// The format of our tokens.
    pub tokens: Arc<JwtTokenIssuer>,
    /// Instants for what is compared with now.
    pub clock: Arc<dyn Clock>,
    /// WeChat's access_tokens.
    pub wechat_tokens: Arc<dyn WechatTokenSource>,
    /// Who may call what is not for mini programs.
    pub(crate) api_keys: Arc<ApiKeys>,
    /// The apps that get WeChat's messages.
    pub(crate) push: Arc<PushInboxes>,
    /// Work that outlives its request and its worker.
    pub(crate) background: Background,
    /// Counters.
    pub metrics: Arc<Metrics>,
}

/// Starts to serve mini programs on `listener`, whose connections may have so many `descriptors`.
///
/// # Errors
/// If the listener cannot be used.
pub(crate) fn serve(
    listener: TcpListener,
    state: HttpState,
    settings: &settings::Settings,
    guard: Option<SandboxGuard>,
    descriptors: usize,
) -> std::io::Result<Server> {
    let server = settings.server.clone();
    let proxies = TrustedProxies::new(server.trusted_proxies.clone());
    let limit = Data::new(LoginLimit::new(
        settings.limits.login_per_minute_per_ip,
        proxies.clone(),
    ));
    let avatar_limit = settings.avatars.max_bytes as usize;
    let bodies = Data::new(BodyReader::new(
        server.max_body_bytes as usize,
        avatar_limit + avatars::FORM_OVERHEAD,
        proxies.clone(),
    ));
    let avatar_limit = Data::new(AvatarLimit(avatar_limit));
    let connections = Connections::new(descriptors, proxies.clone());
    connections.close_silent();
    let max_connections = connections.limit();
    let proxies = Data::new(proxies);
    let gateway = Data::new(Gateway {
        is_believed: settings.wechat.cloud_hosting,
    });
    let signature_limit = Data::new(SignatureLimit::new());
    forget_quiet_addresses(&limit, &state.api_keys);
    let places = Data::new(Places::new(settings.limits.max_inflight));
    let guard = guard.map(Data::new);
    let (origins, headers) = (server.cors_allowed_origins, server.cors_allowed_headers);
    let has_cors = !origins.is_empty();
    let http = HttpServer::new(move || {
        let mut app = App::new();
        if let Some(guard) = &guard {
            app = app.app_data(guard.clone());
        }
        app.app_data(proxies.clone())
            .app_data(gateway.clone())
            .app_data(limit.clone())
            .app_data(signature_limit.clone())
            .app_data(places.clone())
            .app_data(bodies.clone())
            .app_data(avatar_limit.clone())
            .configure(|routes| configure(routes, &state))
            .default_service(web::route().to(not_found))
            // The last one wraps all others: a request passes from the bottom of this list to
            // its top.
            .wrap(from_fn(load_shed::shed))
            .wrap(Condition::new(has_cors, cors::rules(&origins, &headers)))
            .wrap(Condition::new(has_cors, from_fn(cors::in_our_form)))
            .wrap(Condition::new(
                guard.is_some(),
                from_fn(sandbox_guard::keep),
            ))
            .wrap(TracingLogger::<RequestSpan>::new())
            .wrap(from_fn(frame::frame))
    });
    let workers = server
        .workers
        .map_or_else(default_workers, |count| count as usize);
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

fn configure(routes: &mut ServiceConfig, state: &HttpState) {
    routes
        .app_data(Data::from(Arc::clone(&state.apps)))
        .app_data(Data::from(Arc::clone(&state.logins)))
        .app_data(Data::from(Arc::clone(&state.access)))
        .app_data(Data::from(Arc::clone(&state.sessions)))
        .app_data(Data::from(Arc::clone(&state.accounts)))
        .app_data(Data::from(Arc::clone(&state.avatars)))
        .app_data(Data::from(Arc::clone(&state.personal_data)))
        .app_data(Data::from(Arc::clone(&state.desk)))
        .app_data(Data::from(Arc::clone(&state.signatures)))
        .app_data(Data::from(Arc::clone(&state.relay)))
        .app_data(Data::from(Arc::clone(&state.tokens)))
        .app_data(Data::from(Arc::clone(&state.clock)))
        .app_data(Data::from(Arc::clone(&state.wechat_tokens)))
        .app_data(Data::from(Arc::clone(&state.api_keys)))
        .app_data(Data::from(Arc::clone(&state.push)))
        .app_data(Data::new(state.background.clone()))
        .app_data(Data::from(Arc::clone(&state.metrics)));
    for_users(routes);
    auth::configure(routes, state);
    admin::configure(routes, state);
    push::configure(routes);
    openapi::configure(routes);
    routes.service(resource(
        "/.well-known/jwks.json",
        "GET",
        [get().to(jwks::show)],
    ));
    routes.service(resource(
        "/.well-known/openid-configuration",
        "GET",
        [get().to(metadata::openid)],
    ));
    routes.service(resource(
        "/.well-known/oauth-authorization-server",
        "GET",
        [get().to(metadata::oauth)],
    ));
    // Last, because a path with a parameter costs every request that comes to it a search.
    routes.service(resource(
        "/avatars/{name}",
        "GET",
        [get().to(avatars::show)],
    ));
}

/// What mini programs call.
fn for_users(routes: &mut ServiceConfig) {
    let login = [get().to(login::login_by_get), post().to(login::login)];
    let me = [
        get().to(me::show),
        post().to(me::edit),
        put().to(me::edit),
        patch().to(me::edit),
        delete().to(me::delete),
    ];
    routes
        .service(resource("/user/wxlogin", "GET, POST", login).wrap(from_fn(login_limit::enforce)))
        .service(resource(
            "/user/refresh",
            "POST",
            [post().to(refresh::refresh)],
        ))
        .service(resource(
            "/user/logout",
            "POST",
            [post().to(sessions::log_out)],
        ))
        .service(resource("/user/me", "GET, POST, PUT, PATCH, DELETE", me))
        .service(resource("/user/me/export", "GET", [get().to(me::export)]))
        .service(resource(
            "/user/avatar",
            "POST",
            [post().to(avatars::upload)],
        ))
        .service(resource(
            "/user/phone",
            "POST",
            [post().to(personal_data::phone)],
        ))
        .service(resource(
            "/user/opendata",
            "POST",
            [post().to(personal_data::open)],
        ))
        .service(resource(
            "/user/session",
            "GET",
            [get().to(personal_data::check)],
        ))
        .service(resource(
            "/user/sessions",
            "GET",
            [get().to(sessions::list)],
        ))
        .service(resource(
            "/user/sessions/{id}",
            "DELETE",
            [delete().to(sessions::end)],
        ));
}

/// A path with its routes, which answers 405 to every other method.
pub(super) fn resource<const N: usize>(
    path: &str,
    allow: &'static str,
    routes: [Route; N],
) -> Resource {
    let refused = web::route()
        .to(move || std::future::ready(Err::<String, _>(ApiError::method_not_allowed(allow))));
    routes
        .into_iter()
        .fold(web::resource(path), Resource::route)
        .default_service(refused)
}

/// A path with its routes, the last of which takes every method that the others leave.
pub(super) fn resource_for_any_method<const N: usize>(path: &str, routes: [Route; N]) -> Resource {
    routes
        .into_iter()
        .fold(web::resource(path), Resource::route)
}

async fn not_found() -> Result<String, ApiError> {
    Err(ApiError::new(ErrorCode::NotFound))
}

fn default_workers() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get)
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
            limit.forget_quiet();
            keys.forget_quiet();
        }
    });
}
