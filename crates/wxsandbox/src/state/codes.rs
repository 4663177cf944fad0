//! Codes that can be used once and only for a while: of wx.login, getPhoneNumber, wx.pluginLogin.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crate::clock::Moment;

/// Codes by text, each with what it stands for.
pub(crate) struct OneTimeCodes<T> {
    codes: HashMap<Arc<str>, Record<T>>,
    /// In the order of issue, to forget the oldest first.
    order: VecDeque<Arc<str>>,
}

struct Record<T> {
    grant: T,
    expires: Moment,
    used: Option<Moment>,
}

/// Why a code is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Never issued, expired, or used so long ago that it is forgotten.
    Invalid,
    /// Used before.
    Used,
}

/// How long dead codes are remembered, and how many.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    pub(crate) used_for_s: u64,
    pub(crate) at_most: usize,
}

impl<T> Default for OneTimeCodes<T> {
    fn default() -> Self {
        Self {
            codes: HashMap::new(),
            order: VecDeque::new(),
        }
    }
}

impl<T: Clone> OneTimeCodes<T> {
    pub(crate) fn issue(&mut self, now: Moment, code: &str, grant: T, ttl_s: u64, memory: Memory) {
        self.forget(now, memory);
        let code: Arc<str> = code.into();
        let record = Record {
            grant,
            expires: now.plus_seconds(ttl_s),
            used: None,
        };
        self.codes.insert(Arc::clone(&code), record);
        self.order.push_back(code);
    }

    /// What the code stands for, dead or alive.
    pub(crate) fn find(&self, code: &str) -> Option<&T> {
        self.codes.get(code).map(|record| &record.grant)
    }

    /// What the code stands for, without using it up.
    pub(crate) fn look_at(&self, now: Moment, code: &str, memory: Memory) -> Result<&T, Refused> {
        let record = self.codes.get(code).ok_or(Refused::Invalid)?;
        record.verdict(now, memory)?;
        Ok(&record.grant)
    }

    /// What the code stands for; from now on it is used.
    pub(crate) fn take(&mut self, now: Moment, code: &str, memory: Memory) -> Result<T, Refused> {
        let record = self.codes.get_mut(code).ok_or(Refused::Invalid)?;
        record.verdict(now, memory)?;
        record.used = Some(now);
        Ok(record.grant.clone())
    }

    /// Number of codes that could still be used.
    pub(crate) fn alive(&self, now: Moment) -> usize {
        let alive = |record: &&Record<T>| record.used.is_none() && now < record.expires;
        self.codes.values().filter(alive).count()
    }

    fn forget(&mut self, now: Moment, memory: Memory) {
        while let Some(oldest) = self.order.front() {
            let Some(record) = self.codes.get(oldest) else {
                self.order.pop_front();
                continue;
            };
            let too_many = self.codes.len() > memory.at_most && record.is_dead(now);
            if !too_many && !record.is_forgotten(now, memory) {
                return;
            }
            self.codes.remove(oldest);
            self.order.pop_front();
        }
    }
}

impl<T> Record<T> {
    fn verdict(&self, now: Moment, memory: Memory) -> Result<(), Refused> {
        match self.used {
            Some(used) if now < used.plus_seconds(memory.used_for_s) => Err(Refused::Used),
            None if now < self.expires => Ok(()),
            Some(_) | None => Err(Refused::Invalid),
        }
    }

    fn is_dead(&self, now: Moment) -> bool {
        self.used.is_some() || now >= self.expires
    }

    fn is_forgotten(&self, now: Moment, memory: Memory) -> bool {
        match self.used {
            Some(used) => now >= used.plus_seconds(memory.used_for_s),
            None => now >= self.expires,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MEMORY: Memory = Memory {
        used_for_s: 1_000,
        at_most: 1_000,
    };

    fn at(seconds: i64) -> Moment {
        Moment::from_unix_seconds(seconds)
    }

    fn issued() -> OneTimeCodes<u8> {
        let mut codes = OneTimeCodes::default();
        codes.issue(at(0), "c", 7, 300, MEMORY);
        codes
    }

    #[test]
    fn a_code_is_good_for_one_use() {
        let mut codes = issued();
        assert_eq!(codes.take(at(1), "c", MEMORY), Ok(7));
        assert_eq!(codes.take(at(2), "c", MEMORY), Err(Refused::Used));
    }

    #[test]
    fn a_code_expires_after_its_time_to_live() {
        let mut codes = issued();
        assert_eq!(codes.look_at(at(299), "c", MEMORY), Ok(&7));
        assert_eq!(codes.take(at(300), "c", MEMORY), Err(Refused::Invalid));
    }

    #[test]
    fn a_used_code_stays_used_beyond_its_time_to_live_and_is_forgotten_later() {
        let mut codes = issued();
        codes.take(at(1), "c", MEMORY).unwrap();
        assert_eq!(codes.take(at(1_000), "c", MEMORY), Err(Refused::Used));
        assert_eq!(codes.take(at(1_001), "c", MEMORY), Err(Refused::Invalid));
    }

    #[test]
    fn living_codes_are_never_forgotten_for_lack_of_room() {
        let tight = Memory {
            at_most: 1,
            ..MEMORY
        };
        let mut codes = OneTimeCodes::default();
        for code in ["a", "b", "c"] {
            codes.issue(at(0), code, (), 300, tight);
        }
        assert_eq!(codes.alive(at(1)), 3);
        codes.take(at(1), "a", tight).unwrap();
        codes.issue(at(2), "d", (), 300, tight);
        assert_eq!(codes.look_at(at(2), "a", tight), Err(Refused::Invalid));
        assert_eq!(codes.alive(at(2)), 3);
    }

    proptest! {
        #[test]
        fn no_code_is_taken_twice_and_none_after_its_time(
            steps in prop::collection::vec((0_usize..8, 0_i64..200, any::<bool>()), 1..60)
        ) {
            let mut codes = OneTimeCodes::default();
            let (mut issued, mut taken) = (HashMap::new(), Vec::new());
            let mut now = 0;
            for (name, pause, issue) in steps {
                now += pause;
                let code = format!("code{name}");
                if issue && !issued.contains_key(&code) {
                    codes.issue(at(now), &code, name, 300, MEMORY);
                    issued.insert(code, now);
                } else if let Ok(grant) = codes.take(at(now), &code, MEMORY) {
                    prop_assert_eq!(grant, name);
                    prop_assert!(now < issued[&code] + 300);
                    prop_assert!(!taken.contains(&code));
                    taken.push(code);
                }
            }
        }
    }
}
