//! The operations listener: health and metrics. Not for the public.

use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServerHandle, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Condition, Next, from_fn};
use actix_web::web::{self, Data};
use actix_web::{App, Error, HttpResponse, HttpServer, Resource};
use domain::ports::{NotReady, ReadinessProbe, TokenIssuer};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::http::{ApiError, ErrorCode, SandboxGuard, frame_uncounted};
use crate::metrics::Metrics;

/// The most connections at once: one each for some orchestrators, scrapers and people.
pub(crate) const MAX_CONNECTIONS: usize = 32;

/// How far the process is: it starts, serves, and is on its way out.
#[derive(Default)]
pub(crate) struct Lifecycle {
    /// Empty during the start.
    readiness: OnceLock<Readiness>,
    is_shutting_down: AtomicBool,
}

impl Lifecycle {
    /// From now on the replica is ready when `readiness` says so. Before, it is not.
    pub(crate) fn begin_serving(&self, readiness: Readiness) {
        // A second call changes nothing.
        let _ = self.readiness.set(readiness);
    }

    /// From now on the replica is not ready.
    pub(crate) fn begin_shutdown(&self) {
        self.is_shutting_down.store(true, Ordering::Relaxed);
    }
}

/// Ready is who has a database that is [ready](ReadinessProbe) and keys to sign with: without these no
/// token is issued or read.
pub(crate) struct Readiness {
    pub(crate) database: Arc<dyn ReadinessProbe>,
    pub(crate) tokens: Arc<dyn TokenIssuer>,
}

impl Readiness {
    async fn probe(&self) -> Result<(), NotReady> {
        self.database.probe().await?;
        self.tokens.can_issue().map_err(|_| NotReady::NoSigningKeys)
    }
}

/// The running listener. It stops when this is dropped.
pub(crate) struct OpsServer {
    handle: ServerHandle,
    ended: Option<JoinHandle<std::io::Result<()>>>,
}

impl OpsServer {
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        self.handle.stop(false).await;
        match self.ended.take() {
            Some(ended) => Ok(ended.await??),
            None => Ok(()),
        }
    }
}

impl Drop for OpsServer {
    fn drop(&mut self) {
        // The command is sent by the call; its future only waits for the end.
        drop(self.handle.stop(false));
    }
}

/// Serves the orchestrator on `listener`, from the beginning of the start on.
pub(crate) fn serve(
    listener: TcpListener,
    lifecycle: Arc<Lifecycle>,
    metrics: Arc<Metrics>,
    guard: Option<SandboxGuard>,
) -> std::io::Result<OpsServer> {
    let (metrics, lifecycle) = (Data::from(metrics), Data::from(lifecycle));
    let http = HttpServer::new(move || {
        let mut app = App::new();
        if let Some(guard) = &guard {
            app = app.app_data(Data::new(guard.clone()));
        }
        app.app_data(metrics.clone())
            .app_data(lifecycle.clone())
            .service(path("/health/live").get(live))
            .service(path("/health/ready").get(ready))
            .service(path("/metrics").get(render_metrics))
            .default_service(web::to(not_found))
            .wrap(Condition::new(guard.is_some(), from_fn(refuse_strangers)))
            .wrap(from_fn(frame_uncounted))
    });
    let server = http
        .workers(1)
        .max_connections(MAX_CONNECTIONS)
        // Shorter than the pause between two scrapes, so that few are open.
        .keep_alive(Duration::from_secs(5))
        .disable_signals()
        .shutdown_timeout(1)
        .listen(listener)?
        .run();
    Ok(OpsServer {
        handle: server.handle(),
        ended: Some(tokio::spawn(server)),
    })
}

/// A path to be read; other methods are refused.
fn path(path: &str) -> Resource {
    web::resource(path).default_service(web::to(refuse_method))
}

async fn refuse_method() -> Result<HttpResponse, ApiError> {
    Err(ApiError::method_not_allowed("GET"))
}

async fn not_found() -> Result<HttpResponse, ApiError> {
    Err(ApiError::new(ErrorCode::NotFound))
}

/// Middleware: refuses what the guard of sandbox mode objects to.
async fn refuse_strangers(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let guard = request.app_data::<Data<SandboxGuard>>();
    if let Some(reason) = guard.and_then(|guard| guard.objection(&request)) {
        let refused =
            HttpResponse::Forbidden().json(json!({ "status": "forbidden", "reason": reason }));
        return Ok(request.into_response(refused));
    }
    Ok(next.call(request).await?.map_into_boxed_body())
}

async fn live() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "up" }))
}

async fn ready(lifecycle: Data<Lifecycle>) -> HttpResponse {
    let unavailable = |told: Value| HttpResponse::ServiceUnavailable().json(told);
    if lifecycle.is_shutting_down.load(Ordering::Relaxed) {
        return unavailable(json!({ "status": "shutting_down" }));
    }
    let Some(readiness) = lifecycle.readiness.get() else {
        return unavailable(json!({ "status": "starting" }));
    };
    match readiness.probe().await {
        Ok(()) => HttpResponse::Ok().json(json!({ "status": "ready" })),
        Err(error) => unavailable(json!({ "status": "not_ready", "reason": error.to_string() })),
    }
}

async fn render_metrics(metrics: Data<Metrics>) -> HttpResponse {
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    HttpResponse::Ok().content_type(kind).body(metrics.render())
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use domain::testing::PlainTokens;

    use super::*;

    struct Up;

    #[async_trait]
    impl ReadinessProbe for Up {
        async fn probe(&self) -> Result<(), NotReady> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_replica_is_not_ready_before_it_has_read_its_signing_keys() {
        let tokens = Arc::new(PlainTokens::default());
        let readiness = Readiness {
            database: Arc::new(Up),
            tokens: tokens.clone(),
        };
        tokens.set_key(false);
        let refused = readiness.probe().await;
        assert!(matches!(refused, Err(NotReady::NoSigningKeys)));
        tokens.set_key(true);
        readiness.probe().await.unwrap();
    }
}
