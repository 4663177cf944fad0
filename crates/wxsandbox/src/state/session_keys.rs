//! The one session_key of each user at each app.
//!
//! Rules: <https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/signature.html>.

use std::collections::HashMap;
use std::sync::Arc;

use crate::clock::Moment;

#[derive(Default)]
pub(crate) struct SessionKeys {
    by_openid: HashMap<Arc<str>, Slot>,
}

struct Slot {
    key: Arc<str>,
    born: Moment,
    expires: Moment,
    /// What the phone got with its last code; wx.checkSession asks about this one.
    on_phone: Arc<str>,
}

/// What a wx.login does to the session_key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refresh {
    /// A key younger than this is kept.
    pub(crate) min_age_s: u64,
    /// How long the key lives from this login on.
    pub(crate) ttl_s: u64,
}

impl SessionKeys {
    /// The user comes by: the key is replaced by `fresh` unless it is alive and young.
    pub(crate) fn visit(&mut self, now: Moment, openid: &Arc<str>, fresh: &str, refresh: Refresh) {
        let expires = now.plus_seconds(refresh.ttl_s);
        match self.by_openid.get_mut(openid) {
            Some(slot) if now < slot.expires && now < slot.born.plus_seconds(refresh.min_age_s) => {
                slot.expires = expires;
                slot.on_phone = Arc::clone(&slot.key);
            }
            _ => {
                self.by_openid
                    .insert(Arc::clone(openid), Slot::new(now, expires, fresh));
            }
        }
    }

    /// The key that is valid now.
    pub(crate) fn current(&self, now: Moment, openid: &str) -> Option<Arc<str>> {
        let slot = self.by_openid.get(openid)?;
        (now < slot.expires).then(|| Arc::clone(&slot.key))
    }

    /// Whether the key of the phone's last code is still the valid one.
    pub(crate) fn phone_is_current(&self, now: Moment, openid: &str) -> bool {
        let slot = self.by_openid.get(openid);
        slot.is_some_and(|slot| now < slot.expires && slot.on_phone == slot.key)
    }

    /// Replaces the key without the phone's knowledge; the expiry stays. `false` if none is valid.
    pub(crate) fn replace(&mut self, now: Moment, openid: &str, fresh: &str) -> bool {
        match self.by_openid.get_mut(openid) {
            Some(slot) if now < slot.expires => {
                slot.key = fresh.into();
                slot.born = now;
                true
            }
            _ => false,
        }
    }

    /// Ends the key's life now. `false` if none is valid.
    pub(crate) fn expire(&mut self, now: Moment, openid: &str) -> bool {
        match self.by_openid.get_mut(openid) {
            Some(slot) if now < slot.expires => {
                slot.expires = now;
                true
            }
            _ => false,
        }
    }
}

impl Slot {
    fn new(now: Moment, expires: Moment, key: &str) -> Self {
        let key: Arc<str> = key.into();
        Self {
            on_phone: Arc::clone(&key),
            key,
            born: now,
            expires,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const REFRESH: Refresh = Refresh {
        min_age_s: 60,
        ttl_s: 1_000,
    };

    fn at(seconds: i64) -> Moment {
        Moment::from_unix_seconds(seconds)
    }

    fn visited() -> (SessionKeys, Arc<str>) {
        let (mut keys, openid) = (SessionKeys::default(), Arc::from("o"));
        keys.visit(at(0), &openid, "first", REFRESH);
        (keys, openid)
    }

    #[test]
    fn a_quick_second_login_keeps_the_key() {
        let (mut keys, openid) = visited();
        keys.visit(at(59), &openid, "second", REFRESH);
        assert_eq!(keys.current(at(59), &openid).as_deref(), Some("first"));
    }

    #[test]
    fn a_later_login_replaces_the_key() {
        let (mut keys, openid) = visited();
        keys.visit(at(60), &openid, "second", REFRESH);
        assert_eq!(keys.current(at(60), &openid).as_deref(), Some("second"));
    }

    #[test]
    fn a_login_prolongs_the_life_of_a_kept_key() {
        let (mut keys, openid) = visited();
        keys.visit(at(50), &openid, "second", REFRESH);
        assert!(keys.current(at(1_049), &openid).is_some());
        assert!(keys.current(at(1_050), &openid).is_none());
    }

    #[test]
    fn replacing_a_key_keeps_its_expiry_and_leaves_the_phone_behind() {
        let (mut keys, openid) = visited();
        assert!(keys.phone_is_current(at(1), &openid));
        assert!(keys.replace(at(900), &openid, "reset"));
        assert_eq!(keys.current(at(999), &openid).as_deref(), Some("reset"));
        assert!(!keys.phone_is_current(at(999), &openid));
        assert!(keys.current(at(1_000), &openid).is_none());
        assert!(!keys.replace(at(1_000), &openid, "late"));
    }

    #[test]
    fn an_expired_key_is_gone_at_once() {
        let (mut keys, openid) = visited();
        assert!(keys.expire(at(5), &openid));
        assert!(keys.current(at(5), &openid).is_none());
    }

    proptest! {
        #[test]
        fn after_a_visit_there_is_one_key_and_the_phone_knows_it(
            pauses in prop::collection::vec(0_i64..2_000, 1..30)
        ) {
            let (mut keys, openid) = visited();
            let mut now = 0;
            for (step, pause) in pauses.into_iter().enumerate() {
                now += pause;
                let before = keys.current(at(now), &openid);
                keys.visit(at(now), &openid, &format!("key{step}"), REFRESH);
                let after = keys.current(at(now), &openid);
                let fresh = format!("key{step}");
                prop_assert!(after == before || after.as_deref() == Some(&fresh));
                prop_assert!(keys.phone_is_current(at(now), &openid));
            }
        }
    }
}
