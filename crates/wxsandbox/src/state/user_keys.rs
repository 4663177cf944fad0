//! The keys of `wx.getUserCryptoManager`: the last three per user and app, an hour each
//! (<https://developers.weixin.qq.com/minigame/dev/guide/open-ability/user-encryptkey.html>).

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crate::clock::Moment;

const LIFE_S: u64 = 3_600;
const KEPT: usize = 3;

#[derive(Default)]
pub(crate) struct UserKeys {
    by_openid: HashMap<Arc<str>, VecDeque<UserKey>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UserKey {
    /// 16 bytes in base64.
    pub(crate) key: String,
    /// 16 ASCII characters.
    pub(crate) iv: String,
    pub(crate) version: u32,
    pub(crate) created: Moment,
}

impl UserKey {
    pub(crate) fn expires_in_s(&self, now: Moment) -> u64 {
        let end = self.created.plus_seconds(LIFE_S);
        end.since(now).as_secs()
    }
}

impl UserKeys {
    /// The newest key, made of `fresh` (key and iv) if there is none alive.
    pub(crate) fn latest(
        &mut self,
        now: Moment,
        openid: &Arc<str>,
        fresh: (String, String),
    ) -> UserKey {
        let keys = self.by_openid.entry(Arc::clone(openid)).or_default();
        let newest = keys.front();
        if let Some(newest) = newest.filter(|key| key.expires_in_s(now) > 0) {
            return newest.clone();
        }
        let made = UserKey {
            version: newest.map_or(1, |key| key.version.saturating_add(1)),
            key: fresh.0,
            iv: fresh.1,
            created: now,
        };
        keys.push_front(made.clone());
        keys.truncate(KEPT);
        made
    }

    /// At most three, the newest first.
    pub(crate) fn list(&self, openid: &str) -> Vec<UserKey> {
        let keys = self.by_openid.get(openid);
        keys.map(|keys| keys.iter().cloned().collect())
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_serves_an_hour_and_three_are_kept() {
        let (mut keys, openid) = (UserKeys::default(), Arc::from("o"));
        let mut latest = |seconds: i64| {
            let fresh = (format!("key{seconds}"), "iv".to_owned());
            keys.latest(Moment::from_unix_seconds(seconds), &openid, fresh)
        };
        assert_eq!(latest(0), latest(3_599));
        assert_eq!(latest(3_600).version, 2);
        latest(7_200);
        latest(10_800);
        let versions: Vec<_> = keys.list("o").iter().map(|key| key.version).collect();
        assert_eq!(versions, [4, 3, 2]);
    }
}
