//! Counts calls of WeChat's API.

use std::fmt::Write as _;
use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use wxclient::{Api, CallObserver, Fault, catalogue};

use super::{about, durations, registered};

/// The calls by what came of them.
pub(super) struct WechatCalls {
    requests: Family<Called, Counter>,
    durations: Family<[(&'static str, &'static str); 1], Histogram>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Called {
    api: &'static str,
    outcome: Outcome,
}

/// One of few: WeChat may make up errcodes, but not time series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Outcome {
    Kind(&'static str),
    Errcode(i64),
}

impl Outcome {
    fn of(outcome: Result<(), &Fault>) -> Self {
        match outcome {
            Ok(()) => Self::Kind("ok"),
            Err(Fault::Refused(refusal)) => match catalogue::find(refusal.code) {
                Some(entry) => Self::Errcode(entry.code),
                None => Self::Kind("other_errcode"),
            },
            Err(fault) => Self::Kind(fault.kind()),
        }
    }
}

impl EncodeLabelValue for Outcome {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> std::fmt::Result {
        match self {
            Self::Kind(kind) => encoder.write_str(kind),
            Self::Errcode(code) => write!(encoder, "{code}"),
        }
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
        let outcome = Outcome::of(outcome);
        self.requests.get_or_create(&Called { api, outcome }).inc();
        self.durations
            .get_or_create(&[("api", api)])
            .observe(took.as_secs_f64());
    }
}
