//! Quotas per app and call: so many a day (from midnight in China) and a minute.

use std::collections::HashMap;
use std::sync::Arc;

use crate::api::Api;
use crate::clock::Moment;

/// Clearing the counters is allowed so often a month.
const CLEARS_PER_MONTH: u32 = 10;

#[derive(Default)]
pub(crate) struct Quotas {
    counters: HashMap<Arc<str>, HashMap<Api, Counter>>,
    clears: HashMap<Arc<str>, Clears>,
}

#[derive(Clone, Copy, Default)]
struct Counter {
    day: i64,
    today: u64,
    minute: i64,
    this_minute: u64,
}

#[derive(Default)]
struct Clears {
    month: i64,
    count: u32,
}

/// How many calls are allowed; 0 = any number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Limit {
    pub(crate) per_day: u64,
    pub(crate) per_minute: u64,
}

/// A call too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OverQuota {
    Day,
    Minute,
}

/// The month's clears are used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClearsUsedUp;

impl Quotas {
    /// Counts a call, unless it is one too many.
    pub(crate) fn count(
        &mut self,
        now: Moment,
        app_id: &Arc<str>,
        api: Api,
        limit: Limit,
    ) -> Result<(), OverQuota> {
        let counters = self.counters.entry(Arc::clone(app_id)).or_default();
        let counter = counters.entry(api).or_default();
        counter.turn(now);
        if limit.per_day > 0 && counter.today >= limit.per_day {
            return Err(OverQuota::Day);
        }
        if limit.per_minute > 0 && counter.this_minute >= limit.per_minute {
            return Err(OverQuota::Minute);
        }
        counter.today += 1;
        counter.this_minute += 1;
        Ok(())
    }

    /// Calls counted today.
    pub(crate) fn used_today(&self, now: Moment, app_id: &str, api: Api) -> u64 {
        let counter = self.counters.get(app_id).and_then(|all| all.get(&api));
        let today = counter.filter(|counter| counter.day == now.china_day());
        today.map_or(0, |counter| counter.today)
    }

    /// Sets all counters of an app to zero.
    pub(crate) fn clear(&mut self, now: Moment, app_id: &Arc<str>) -> Result<(), ClearsUsedUp> {
        let clears = self.clears.entry(Arc::clone(app_id)).or_default();
        if clears.month != now.china_month() {
            *clears = Clears {
                month: now.china_month(),
                count: 0,
            };
        }
        if clears.count >= CLEARS_PER_MONTH {
            return Err(ClearsUsedUp);
        }
        clears.count += 1;
        self.counters.remove(app_id);
        Ok(())
    }
}

impl Counter {
    fn turn(&mut self, now: Moment) {
        if self.day != now.china_day() {
            (self.day, self.today) = (now.china_day(), 0);
        }
        if self.minute != now.minute() {
            (self.minute, self.this_minute) = (now.minute(), 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const API: Api = Api::Token;

    fn at(seconds: i64) -> Moment {
        Moment::from_unix_seconds(seconds)
    }

    fn app() -> Arc<str> {
        Arc::from("wx1")
    }

    #[test]
    fn the_days_quota_returns_at_midnight_in_china() {
        let mut quotas = Quotas::default();
        let limit = Limit {
            per_day: 1,
            per_minute: 0,
        };
        let before = at(1_700_063_999); // 2023-11-15 23:59:59 +08:00
        assert_eq!(quotas.count(before, &app(), API, limit), Ok(()));
        assert_eq!(
            quotas.count(before, &app(), API, limit),
            Err(OverQuota::Day)
        );
        assert_eq!(quotas.used_today(before, "wx1", API), 1);
        let after = before.plus_seconds(1);
        assert_eq!(quotas.used_today(after, "wx1", API), 0);
        assert_eq!(quotas.count(after, &app(), API, limit), Ok(()));
    }

    #[test]
    fn a_refused_call_does_not_count() {
        let mut quotas = Quotas::default();
        let limit = Limit {
            per_day: 0,
            per_minute: 1,
        };
        assert_eq!(quotas.count(at(0), &app(), API, limit), Ok(()));
        assert_eq!(
            quotas.count(at(1), &app(), API, limit),
            Err(OverQuota::Minute)
        );
        assert_eq!(quotas.used_today(at(1), "wx1", API), 1);
        assert_eq!(quotas.count(at(60), &app(), API, limit), Ok(()));
    }

    #[test]
    fn counters_are_cleared_ten_times_a_month() {
        let mut quotas = Quotas::default();
        let limit = Limit {
            per_day: 1,
            per_minute: 0,
        };
        for _ in 0..10 {
            assert_eq!(quotas.count(at(0), &app(), API, limit), Ok(()));
            assert_eq!(quotas.clear(at(0), &app()), Ok(()));
        }
        assert_eq!(quotas.clear(at(0), &app()), Err(ClearsUsedUp));
        assert_eq!(quotas.clear(at(31 * 86_400), &app()), Ok(()));
    }
}
