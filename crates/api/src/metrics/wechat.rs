//! Counts calls of WeChat's API.

use std::borrow::Cow;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use wxclient::{Api, CallObserver, Fault, catalogue};

use super::{about, durations, registered};

/// The calls by what came of them.
pub(super) struct WechatCalls {
    requests: Family<[(&'static str, Cow<'static, str>); 2], Counter>,
    durations: Family<[(&'static str, &'static str); 1], Histogram>,
}

/// One of few: WeChat may make up errcodes, but not time series.
fn label(outcome: Result<(), &Fault>) -> Cow<'static, str> {
    match outcome {
        Ok(()) => "ok".into(),
        Err(Fault::Refused(refusal)) => match catalogue::find(refusal.code) {
            Some(entry) => entry.code.to_string().into(),
            None => "other_errcode".into(),
        },
        Err(fault) => fault.kind().into(),
    }
}

impl WechatCalls {
    pub(super) fn registered(registry: &mut Registry) -> Self {
        Self {
            requests: registered(registry, &about::WECHAT_REQUESTS),
            durations: durations(registry, &about::WECHAT_DURATION),
        }
    }
}

impl CallObserver for WechatCalls {
    fn called(&self, api: Api, outcome: Result<(), &Fault>, took: Duration) {
        let api = api.path();
        let called = [("api", api.into()), ("outcome", label(outcome))];
        self.requests.get_or_create(&called).inc();
        self.durations
            .get_or_create(&[("api", api)])
            .observe(took.as_secs_f64());
    }
}
