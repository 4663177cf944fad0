//! The listener of the orchestrator: health and metrics. Not for the public.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::dev::Server;
use actix_web::web::{self, Data};
use actix_web::{App, HttpResponse, HttpServer};
use domain::ports::ReadinessProbe;
use serde_json::json;

use crate::metrics::Metrics;

/// Whether the process is on its way out.
#[derive(Clone, Default)]
pub struct Lifecycle(Arc<AtomicBool>);

impl Lifecycle {
    /// From now on the replica is not ready.
    pub fn begin_shutdown(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_shutting_down(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Starts to serve the orchestrator on `listener`.
///
/// # Errors
/// If the listener cannot be used.
pub fn serve(
    listener: TcpListener,
    database: Arc<dyn ReadinessProbe>,
    lifecycle: Lifecycle,
    metrics: Arc<Metrics>,
) -> std::io::Result<Server> {
    let database: Data<dyn ReadinessProbe> = Data::from(database);
    let metrics = Data::from(metrics);
    let http = HttpServer::new(move || {
        App::new()
            .app_data(database.clone())
            .app_data(metrics.clone())
            .app_data(Data::new(lifecycle.clone()))
            .route("/health/live", web::get().to(live))
            .route("/health/ready", web::get().to(ready))
            .route("/metrics", web::get().to(render_metrics))
    });
    Ok(http
        .workers(1)
        .disable_signals()
        .shutdown_timeout(1)
        .listen(listener)?
        .run())
}

async fn live() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "up" }))
}

async fn ready(database: Data<dyn ReadinessProbe>, lifecycle: Data<Lifecycle>) -> HttpResponse {
    if lifecycle.is_shutting_down() {
        return HttpResponse::ServiceUnavailable().json(json!({ "status": "shutting_down" }));
    }
    match database.probe().await {
        Ok(()) => HttpResponse::Ok().json(json!({ "status": "ready" })),
        Err(error) => {
            let reason = error.to_string();
            HttpResponse::ServiceUnavailable()
                .json(json!({ "status": "not_ready", "reason": reason }))
        }
    }
}

async fn render_metrics(metrics: Data<Metrics>) -> HttpResponse {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    HttpResponse::Ok().content_type(kind).body(metrics.render())
}
