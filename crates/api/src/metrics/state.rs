//! The state of what the service stands on, read at each scrape.

use std::fmt;
use std::sync::{Arc, OnceLock};

use persistence::Statistics;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use wxclient::{Api, WechatClient};

use super::about::{self, About};

/// The APIs that requests of users need.
const CALLED: [Api; 4] = [
    Api::Code2Session,
    Api::StableToken,
    Api::GetPhoneNumber,
    Api::CheckSession,
];

/// What there is to read; nothing during the start. The clones share it.
#[derive(Clone, Default)]
pub(super) struct State(pub(super) Arc<OnceLock<(Statistics, WechatClient)>>);

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State").finish_non_exhaustive()
    }
}

impl Collector for State {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let Some((database, wechat)) = self.0.get() else {
            return Ok(());
        };
        let mut page = Page(encoder);
        let pool = database.pool();
        let gauge = |number: usize| ConstGauge::new(i64::try_from(number).unwrap_or(i64::MAX));
        page.one(&about::DATABASE_SIZE, &gauge(pool.size))?;
        page.one(&about::DATABASE_OPEN, &gauge(pool.open))?;
        page.one(&about::DATABASE_IN_USE, &gauge(pool.in_use))?;
        page.one(&about::DATABASE_WAITING, &gauge(pool.waiting))?;
        let waited = ConstCounter::new(pool.waited.as_secs_f64());
        page.one(&about::DATABASE_WAITED, &waited)?;
        let timed_out = ConstCounter::new(pool.timed_out);
        page.one(&about::DATABASE_TIMED_OUT, &timed_out)?;

        let queues = database.queues();
        let label = |queue| [("queue", queue)];
        let waiting = queues.map(|queue| (label(queue.name), gauge(queue.waiting)));
        page.several(&about::QUEUE_WAITING, &waiting)?;
        let batches = queues.map(|queue| (label(queue.name), ConstCounter::new(queue.batches)));
        page.several(&about::QUEUE_BATCHES, &batches)?;
        let items = queues.map(|queue| (label(queue.name), ConstCounter::new(queue.items)));
        page.several(&about::QUEUE_ITEMS, &items)?;

        let suspended = CALLED.map(|api| {
            let is_suspended = i64::from(wechat.is_suspended(api));
            ([("api", api.path())], ConstGauge::new(is_suspended))
        });
        page.several(&about::WECHAT_SUSPENDED, &suspended)
    }
}

struct Page<'a>(DescriptorEncoder<'a>);

impl Page<'_> {
    fn one<M: EncodeMetric>(&mut self, about: &About, metric: &M) -> fmt::Result {
        let encoder =
            self.0
                .encode_descriptor(about.name, about.help, None, metric.metric_type())?;
        metric.encode(encoder)
    }

    fn several<L: EncodeLabelSet, M: EncodeMetric>(
        &mut self,
        about: &About,
        metrics: &[(L, M)],
    ) -> fmt::Result {
        let Some((_, first)) = metrics.first() else {
            return Ok(());
        };
        let mut encoder =
            self.0
                .encode_descriptor(about.name, about.help, None, first.metric_type())?;
        for (label, metric) in metrics {
            metric.encode(encoder.encode_family(label)?)?;
        }
        Ok(())
    }
}
