//! Metrics for Prometheus.
//!
//! What is counted as it happens stands in families of counters; the state of the database and of
//! WeChat's circuit breakers is read at each scrape.

mod about;
mod lifecycle;
mod page;
mod state;
mod text;
mod wechat;

use std::borrow::Cow;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::{Method, StatusCode};
use domain::id::AppId;
use domain::ports::SessionLifecycle;
use domain::push::Backlog;
use persistence::Statistics;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Metric, Registry};
use wxclient::app_client::Resource;
use wxclient::{CallObserver, WechatClient};

use about::About;
use lifecycle::CountedLifecycle;
pub use page::page;
use state::State;
use wechat::WechatCalls;

use crate::http::{ErrorCode, RouteName};
use crate::telemetry;

/// Bounds of the duration buckets, s: from a cached answer to a WeChat that times out.
const SECONDS: [f64; 12] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0,
];

pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Answered, Counter>,
    durations: Family<[(&'static str, Cow<'static, str>); 1], Histogram>,
    logins: Family<LoggedIn, Counter>,
    sessions_refreshed: Counter,
    sessions_replayed: Counter,
    sessions_ended: Counter,
    wechat: Arc<WechatCalls>,
    state: State,
    pub(crate) sandbox: Gauge,
    pub(crate) push_failures: Counter,
    push_waiting: Gauge,
    push_oldest: Gauge,
    phone_numbers_left: Family<Pack, Gauge>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    route: Cow<'static, str>,
    method: &'static str,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LoggedIn {
    /// One of the settings, so there are few.
    app: String,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Pack {
    app: String,
    spu: &'static str,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::default();
        let state = State::default();
        registry.register_collector(Box::new(state.clone()));
        let version = (Cow::from("version"), Cow::from(env!("CARGO_PKG_VERSION")));
        let labelled = registry.sub_registry_with_label(version);
        register(labelled, &about::BUILD_INFO, ConstGauge::new(1_i64));
        register(
            &mut registry,
            &about::LOG_LINES_DROPPED,
            telemetry::dropped_lines(),
        );
        Self {
            requests: registered(&mut registry, &about::HTTP_REQUESTS),
            durations: durations(&mut registry, &about::HTTP_DURATION),
            logins: registered(&mut registry, &about::LOGINS),
            sessions_refreshed: registered(&mut registry, &about::SESSIONS_REFRESHED),
            sessions_replayed: registered(&mut registry, &about::SESSIONS_REPLAYED),
            sessions_ended: registered(&mut registry, &about::SESSIONS_ENDED),
            wechat: Arc::new(WechatCalls::registered(&mut registry)),
            sandbox: registered(&mut registry, &about::SANDBOX),
            push_failures: registered(&mut registry, &about::PUSH_FAILURES),
            push_waiting: registered(&mut registry, &about::PUSH_WAITING),
            push_oldest: registered(&mut registry, &about::PUSH_OLDEST),
            phone_numbers_left: registered(&mut registry, &about::PHONE_NUMBERS),
            state,
            registry,
        }
    }
}

fn durations<L>(registry: &mut Registry, about: &About) -> Family<L, Histogram>
where
    Family<L, Histogram>: Metric,
    L: Clone + Eq + Hash,
{
    let durations = Family::<L, Histogram>::new_with_constructor(|| Histogram::new(SECONDS));
    register(registry, about, durations.clone());
    durations
}

fn registered<M: Metric + Clone + Default>(registry: &mut Registry, about: &About) -> M {
    let metric = M::default();
    register(registry, about, metric.clone());
    metric
}

fn register(registry: &mut Registry, about: &About, metric: impl Metric) {
    registry.register(about.name, about.help_without_stop(), metric);
}

impl Metrics {
    /// The metrics in Prometheus' text format 0.0.4, which every scraper and `promtool` reads.
    pub(crate) fn render(&self) -> String {
        let mut text = String::new();
        // Writing into a String cannot fail.
        let _ = prometheus_client::encoding::text::encode(&mut text, &self.registry);
        text::classic(&text)
    }

    /// From now on the state of these is part of the metrics.
    pub(crate) fn watch(&self, database: Statistics, wechat: WechatClient) {
        // A process has one of each.
        let _ = self.state.0.set((database, wechat));
    }

    pub(crate) fn wechat_calls(&self) -> Arc<dyn CallObserver> {
        Arc::clone(&self.wechat) as _
    }

    pub(crate) fn counted(
        self: &Arc<Self>,
        sessions: Arc<dyn SessionLifecycle>,
    ) -> Arc<dyn SessionLifecycle> {
        let metrics = Arc::clone(self);
        Arc::new(CountedLifecycle { sessions, metrics })
    }

    pub(crate) fn show_phone_numbers_left(&self, app: &AppId, resource: Resource, left: i64) {
        let pack = Pack {
            app: app.to_string(),
            spu: resource.spu_id(),
        };
        self.phone_numbers_left.get_or_create(&pack).set(left);
    }

    /// Counts a login of an app that is configured.
    pub(crate) fn count_login(&self, app: &AppId, outcome: Result<(), ErrorCode>) {
        let login = LoggedIn {
            app: app.to_string(),
            outcome: outcome.err().map_or("ok", |error| error.entry().id),
        };
        self.logins.get_or_create(&login).inc();
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
        self.durations
            .get_or_create(&[("route", route.clone())])
            .observe(took.as_secs_f64());
        let answered = Answered {
            route,
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
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        Method::HEAD => "HEAD",
        _ => "other",
    }
}
