//! Counters for Prometheus.

use std::borrow::Cow;
use std::time::Duration;

use actix_web::http::{Method, StatusCode};
use domain::push::Backlog;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::http::RouteName;
use crate::telemetry;

/// Bounds of the duration buckets, s: from a cached answer to a WeChat that times out.
const SECONDS: [f64; 12] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0,
];

/// All metrics of the process.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Answered, Counter>,
    durations: Family<Route, Histogram>,
    push_failures: Counter,
    push_waiting: Gauge,
    push_oldest: Gauge,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    route: Cow<'static, str>,
    method: &'static str,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: Cow<'static, str>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::default();
        let requests = Family::default();
        let durations =
            Family::new_with_constructor((|| Histogram::new(SECONDS)) as fn() -> Histogram);
        registry.register("http_requests", "Requests answered", requests.clone());
        registry.register(
            "http_request_duration_seconds",
            "Time to answer a request",
            durations.clone(),
        );
        registry.register(
            "log_lines_dropped",
            "Lines of the log that were dropped because standard error was not read",
            telemetry::dropped_lines(),
        );
        let (push_failures, push_waiting, push_oldest) =
            (Counter::default(), Gauge::default(), Gauge::default());
        registry.register(
            "push_relay_failures",
            "Attempts to pass a message of WeChat's on that failed",
            push_failures.clone(),
        );
        registry.register(
            "push_relay_waiting",
            "Messages of WeChat's that wait to be passed on, of all replicas",
            push_waiting.clone(),
        );
        registry.register(
            "push_relay_oldest_seconds",
            "How long the oldest of them has waited",
            push_oldest.clone(),
        );
        Self {
            registry,
            requests,
            durations,
            push_failures,
            push_waiting,
            push_oldest,
        }
    }
}

impl Metrics {
    /// The metrics in the text format of OpenMetrics 1.0.
    pub(crate) fn render(&self) -> String {
        let mut text = String::new();
        // Writing into a String cannot fail.
        let _ = prometheus_client::encoding::text::encode(&mut text, &self.registry);
        text
    }

    pub(crate) fn count_push_failure(&self) {
        self.push_failures.inc();
    }

    pub(crate) fn show_push_backlog(&self, backlog: Backlog) {
        let gauge = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        self.push_waiting.set(gauge(backlog.waiting));
        self.push_oldest.set(gauge(backlog.oldest.as_secs()));
    }

    /// Counts a request that was answered, under its route, never under its path.
    pub(crate) fn count(
        &self,
        RouteName(route): RouteName,
        method: &Method,
        status: StatusCode,
        took: Duration,
    ) {
        let route = Route { route };
        self.durations
            .get_or_create(&route)
            .observe(took.as_secs_f64());
        let answered = Answered {
            route: route.route,
            method: known_method(method),
            status: status.as_u16(),
        };
        self.requests.get_or_create(&answered).inc();
    }
}

/// A method everybody can make up must not make up a time series.
fn known_method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
