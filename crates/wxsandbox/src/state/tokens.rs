//! access_tokens: two stores per app that know nothing of each other.
//!
//! Rules: <https://developers.weixin.qq.com/miniprogram/dev/server/API/mp-access-token/api_getaccesstoken.html>
//! and <https://developers.weixin.qq.com/miniprogram/dev/server/API/mp-access-token/api_getstableaccesstoken.html>.

mod kind;

use std::collections::HashMap;
use std::sync::Arc;

use self::kind::looks_like_a_token;
pub(crate) use self::kind::{TokenKind, TokenParameter, TokenRefused};
use crate::clock::Moment;

/// How long an old token works beside a new one, and how early a stable one is replaced.
const OVERLAP_S: u64 = 300;
/// Forced refreshes sooner than this after the last one give the current token again.
const FORCE_SPACING_S: u64 = 30;
/// Forced refreshes a day.
const FORCES_PER_DAY: u32 = 20;
/// How long dead tokens are distinguished from unknown ones.
const REMEMBER_S: u64 = 86_400;

#[derive(Default)]
pub(crate) struct Tokens {
    issued: HashMap<Arc<str>, Issued>,
    plain: HashMap<Arc<str>, Arc<str>>,
    stable: HashMap<Arc<str>, Stable>,
}

struct Issued {
    owner: Arc<str>,
    kind: TokenKind,
    expires: Moment,
    /// When a newer token took its place for good.
    superseded: Option<Moment>,
}

#[derive(Default)]
struct Stable {
    current: Option<Arc<str>>,
    last_force: Option<Moment>,
    forces: DayCount,
}

#[derive(Default)]
struct DayCount {
    day: i64,
    count: u32,
}

/// The day's forced refreshes are used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ForcesUsedUp;

/// A token for a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Given {
    pub(crate) token: Arc<str>,
    pub(crate) expires_in_s: u64,
}

impl Tokens {
    /// The app or component whose valid token this is.
    pub(crate) fn owner(
        &self,
        now: Moment,
        token: &str,
        parameter: TokenParameter,
    ) -> Result<Arc<str>, TokenRefused> {
        if !looks_like_a_token(token) {
            return Err(TokenRefused::Malformed);
        }
        let issued = self.issued.get(token);
        let issued = issued.filter(|issued| issued.kind.parameter() == parameter);
        let issued = issued.ok_or(TokenRefused::NotLatest)?;
        if issued.superseded.is_some_and(|moment| now >= moment) {
            return Err(TokenRefused::NotLatest);
        }
        if now >= issued.expires {
            return Err(TokenRefused::Expired);
        }
        Ok(Arc::clone(&issued.owner))
    }

    /// `/cgi-bin/token`: always a new token; the last one works five minutes more.
    pub(crate) fn plain(
        &mut self,
        now: Moment,
        app_id: &Arc<str>,
        fresh: &str,
        ttl_s: u64,
    ) -> Given {
        let given = self.issue(now, app_id, fresh, ttl_s, TokenKind::Plain);
        let last = (self.plain).insert(Arc::clone(app_id), Arc::clone(&given.token));
        if let Some(last) = last {
            self.supersede(&last, now.plus_seconds(OVERLAP_S));
        }
        given
    }

    /// `/cgi-bin/stable_token` in normal mode: the same token until its last five minutes.
    pub(crate) fn stable(
        &mut self,
        now: Moment,
        app_id: &Arc<str>,
        fresh: &str,
        ttl_s: u64,
    ) -> Given {
        if let Some(given) = self.stable_with_time_left(now, app_id) {
            return given;
        }
        let given = self.issue(now, app_id, fresh, ttl_s, TokenKind::Stable);
        self.stable.entry(Arc::clone(app_id)).or_default().current = Some(Arc::clone(&given.token));
        given
    }

    /// `/cgi-bin/stable_token` with `force_refresh`: a new token, and every older one is dead.
    pub(crate) fn force(
        &mut self,
        now: Moment,
        app_id: &Arc<str>,
        fresh: &str,
        ttl_s: u64,
    ) -> Result<Given, ForcesUsedUp> {
        let stable = self.stable.entry(Arc::clone(app_id)).or_default();
        let too_soon = |last: Moment| now < last.plus_seconds(FORCE_SPACING_S);
        if stable.last_force.is_some_and(too_soon) {
            return Ok(self.stable(now, app_id, fresh, ttl_s));
        }
        if stable.forces.next(now) > FORCES_PER_DAY {
            return Err(ForcesUsedUp);
        }
        stable.last_force = Some(now);
        stable.current = None;
        self.end_stable_tokens(now, app_id);
        Ok(self.stable(now, app_id, fresh, ttl_s))
    }

    /// A token beside the others; it replaces none.
    pub(crate) fn issue(
        &mut self,
        now: Moment,
        owner: &Arc<str>,
        fresh: &str,
        ttl_s: u64,
        kind: TokenKind,
    ) -> Given {
        self.issued
            .retain(|_, issued| now < issued.expires.plus_seconds(REMEMBER_S));
        let token: Arc<str> = fresh.into();
        let issued = Issued {
            owner: Arc::clone(owner),
            kind,
            expires: now.plus_seconds(ttl_s),
            superseded: None,
        };
        self.issued.insert(Arc::clone(&token), issued);
        Given {
            token,
            expires_in_s: ttl_s,
        }
    }

    /// Ends every token of an app at once, as if another program had fetched newer ones.
    pub(crate) fn revoke_all(&mut self, now: Moment, app_id: &str) {
        for issued in self.issued.values_mut() {
            if &*issued.owner == app_id {
                issued.superseded = Some(now);
            }
        }
        self.plain.remove(app_id);
        self.stable.remove(app_id);
    }

    fn stable_with_time_left(&self, now: Moment, app_id: &str) -> Option<Given> {
        let token = self.stable.get(app_id)?.current.as_ref()?;
        let left = self.issued.get(token)?.expires.since(now).as_secs();
        (left > OVERLAP_S).then(|| Given {
            token: Arc::clone(token),
            expires_in_s: left,
        })
    }

    fn end_stable_tokens(&mut self, now: Moment, app_id: &Arc<str>) {
        for issued in self.issued.values_mut() {
            if issued.owner == *app_id && issued.kind == TokenKind::Stable {
                issued.superseded.get_or_insert(now);
            }
        }
    }

    fn supersede(&mut self, token: &str, from: Moment) {
        if let Some(issued) = self.issued.get_mut(token) {
            issued.superseded.get_or_insert(from);
        }
    }
}

impl DayCount {
    /// Counts one more and says how many that makes today.
    fn next(&mut self, now: Moment) -> u32 {
        if self.day != now.china_day() {
            *self = Self {
                day: now.china_day(),
                count: 0,
            };
        }
        self.count = self.count.saturating_add(1);
        self.count
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TTL: u64 = 7_200;

    fn at(seconds: i64) -> Moment {
        Moment::from_unix_seconds(seconds)
    }

    fn name(number: usize) -> String {
        format!("70_{number:0>40}")
    }

    fn app() -> Arc<str> {
        Arc::from("wx1")
    }

    fn verdict(tokens: &Tokens, now: i64, token: &str) -> Result<Arc<str>, TokenRefused> {
        tokens.owner(at(now), token, TokenParameter::Access)
    }

    #[test]
    fn a_new_plain_token_leaves_the_old_one_five_minutes() {
        let mut tokens = Tokens::default();
        let old = tokens.plain(at(0), &app(), &name(1), TTL).token;
        let new = tokens.plain(at(1_000), &app(), &name(2), TTL).token;
        assert_ne!(old, new);
        assert_eq!(verdict(&tokens, 1_299, &old), Ok(app()));
        assert_eq!(verdict(&tokens, 1_300, &old), Err(TokenRefused::NotLatest));
        assert_eq!(verdict(&tokens, 1_300, &new), Ok(app()));
    }

    #[test]
    fn tokens_expire_and_rubbish_is_malformed() {
        let mut tokens = Tokens::default();
        let token = tokens.plain(at(0), &app(), &name(1), TTL).token;
        assert_eq!(verdict(&tokens, 7_200, &token), Err(TokenRefused::Expired));
        assert_eq!(verdict(&tokens, 0, "rubbish"), Err(TokenRefused::Malformed));
        assert_eq!(verdict(&tokens, 0, &name(9)), Err(TokenRefused::NotLatest));
    }

    #[test]
    fn the_stable_token_stays_until_its_last_five_minutes_and_then_overlaps() {
        let mut tokens = Tokens::default();
        let first = tokens.stable(at(0), &app(), &name(1), TTL);
        let again = tokens.stable(at(6_899), &app(), &name(2), TTL);
        assert_eq!((&again.token, again.expires_in_s), (&first.token, 301));
        let next = tokens.stable(at(6_900), &app(), &name(3), TTL);
        assert_ne!(next.token, first.token);
        assert_eq!(verdict(&tokens, 7_199, &first.token), Ok(app()));
        assert_eq!(
            verdict(&tokens, 7_200, &first.token),
            Err(TokenRefused::Expired)
        );
    }

    #[test]
    fn a_forced_refresh_ends_the_old_token_at_once_and_works_every_thirty_seconds() {
        let mut tokens = Tokens::default();
        let first = tokens.stable(at(0), &app(), &name(1), TTL).token;
        let forced = tokens.force(at(1), &app(), &name(2), TTL).unwrap().token;
        assert_eq!(verdict(&tokens, 1, &first), Err(TokenRefused::NotLatest));
        let early = tokens.force(at(30), &app(), &name(3), TTL).unwrap().token;
        assert_eq!(early, forced);
        let later = tokens.force(at(31), &app(), &name(4), TTL).unwrap().token;
        assert_ne!(later, forced);
    }

    #[test]
    fn twenty_forced_refreshes_a_day_are_allowed() {
        let mut tokens = Tokens::default();
        for number in 0..20 {
            let now = at(i64::try_from(number).unwrap() * 30);
            tokens.force(now, &app(), &name(number), TTL).unwrap();
        }
        let more = tokens.force(at(600), &app(), &name(20), TTL);
        assert_eq!(more, Err(ForcesUsedUp));
        assert!(tokens.force(at(86_400), &app(), &name(21), TTL).is_ok());
    }

    #[test]
    fn a_cloud_token_is_none_as_access_token() {
        let mut tokens = Tokens::default();
        let token = tokens
            .issue(at(0), &app(), &name(1), TTL, TokenKind::Cloud)
            .token;
        assert_eq!(verdict(&tokens, 0, &token), Err(TokenRefused::NotLatest));
        let as_cloud = tokens.owner(at(0), &token, TokenParameter::Cloudbase);
        assert_eq!(as_cloud, Ok(app()));
    }

    proptest! {
        /// For all requests in any order: a token that was just returned is valid, and neither
        /// store ever ends the other's current token.
        #[test]
        fn the_two_stores_never_touch_each_other(
            steps in prop::collection::vec((0_u8..3, 0_i64..4_000), 1..40)
        ) {
            let mut tokens = Tokens::default();
            let (mut now, mut last) = (0, HashMap::new());
            for (number, (step, pause)) in steps.into_iter().enumerate() {
                now += pause;
                let (store, given) = match step {
                    0 => (0, Ok(tokens.plain(at(now), &app(), &name(number), TTL))),
                    1 => (1, Ok(tokens.stable(at(now), &app(), &name(number), TTL))),
                    _ => (1, tokens.force(at(now), &app(), &name(number), TTL)),
                };
                if let Ok(given) = given {
                    prop_assert!(given.expires_in_s > OVERLAP_S && given.expires_in_s <= TTL);
                    let ends = now + i64::try_from(given.expires_in_s).unwrap();
                    last.insert(store, (given.token, ends));
                }
                for (token, ends) in last.values() {
                    let expected = if now < *ends { Ok(app()) } else { Err(TokenRefused::Expired) };
                    if now < *ends + 86_400 {
                        prop_assert_eq!(verdict(&tokens, now, token), expected);
                    }
                }
            }
        }
    }
}
