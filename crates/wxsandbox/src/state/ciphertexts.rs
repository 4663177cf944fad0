//! Hashes of the phone data WeChat has encrypted, for three days
//! (<https://developers.weixin.qq.com/miniprogram/dev/server/API/user-info/basic-info/api_checkencrypteddata.html>).

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crate::clock::Moment;

const REMEMBER_S: u64 = 3 * 86_400;

#[derive(Default)]
pub(crate) struct Ciphertexts {
    made: HashMap<[u8; 32], Made>,
    order: VecDeque<[u8; 32]>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Made {
    pub(crate) app_id: Arc<str>,
    pub(crate) at: Moment,
}

impl Ciphertexts {
    pub(crate) fn remember(&mut self, now: Moment, hash: [u8; 32], app_id: Arc<str>) {
        while let Some(oldest) = self.order.front() {
            if self.made.get(oldest).is_some_and(|made| made.is_kept(now)) {
                break;
            }
            self.made.remove(oldest);
            self.order.pop_front();
        }
        self.made.insert(hash, Made { app_id, at: now });
        self.order.push_back(hash);
    }

    pub(crate) fn look_up(&self, now: Moment, hash: &[u8; 32]) -> Option<&Made> {
        self.made.get(hash).filter(|made| made.is_kept(now))
    }
}

impl Made {
    fn is_kept(&self, now: Moment) -> bool {
        now < self.at.plus_seconds(REMEMBER_S)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_known_for_three_days() {
        let mut texts = Ciphertexts::default();
        let day = |days: i64| Moment::from_unix_seconds(days * 86_400);
        texts.remember(day(0), [1; 32], Arc::from("wx1"));
        texts.remember(day(2), [2; 32], Arc::from("wx1"));
        assert!(texts.look_up(day(2), &[1; 32]).is_some());
        assert!(texts.look_up(day(3), &[1; 32]).is_none());
        texts.remember(day(4), [3; 32], Arc::from("wx1"));
        assert_eq!(texts.made.len(), 2);
    }
}
