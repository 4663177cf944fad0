//! The token of one app in this process: fetched once for all callers, before the old one expires.

use std::sync::Arc;
use std::time::Duration;

use domain::ports::{Clock, WechatTokenRepository};
use domain::secret::WechatToken;
use domain::time::Timestamp;
use parking_lot::Mutex;
use rustix::time::{ClockId, clock_gettime};
use tokio::time::{Instant, timeout_at};

use super::{FetchedToken, SharedTokens, TokenKey, TokenSource};
use crate::client::WechatClient;
use crate::error::{Fault, WechatError};

/// How far apart the fetches are that reports of other services lead to: WeChat counts the calls of
/// its token API, and a service that reports in a loop must not use them up.
const BETWEEN_REPORTS: Duration = Duration::from_secs(10);

/// A client and the token it calls with. Replicas need no lock between them: a stable token is the same
/// for all who ask, and a plain one that another replica has displaced is refused (40001), which leads
/// to the repository. A repository that is away only costs more calls of WeChat's token API.
pub(crate) struct TokenClient {
    pub(super) client: WechatClient,
    source: Arc<dyn TokenSource>,
    pub(super) key: TokenKey,
    shared: Option<SharedTokens>,
    /// The token, and when it was got.
    kept: Mutex<Option<(FetchedToken, Duration, Option<Timestamp>)>>,
    /// Held by the one who fetches. When a report last led to a fetch.
    fetching: tokio::sync::Mutex<Option<Instant>>,
    start: Instant,
    suspended: fn() -> Duration,
}

impl TokenClient {
    pub(crate) fn new(client: WechatClient, source: Arc<dyn TokenSource>) -> Self {
        Self {
            client,
            key: source.key(),
            source,
            shared: None,
            kept: Mutex::default(),
            fetching: tokio::sync::Mutex::default(),
            start: Instant::now(),
            suspended,
        }
    }

    /// The same, with its token in `repository` for all replicas. `clock` says when it expires.
    pub(crate) fn sharing(
        &self,
        repository: Arc<dyn WechatTokenRepository>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            shared: Some(SharedTokens { repository, clock }),
            ..Self::new(self.client.clone(), Arc::clone(&self.source))
        }
    }

    pub(crate) async fn token(&self, deadline: Instant) -> Result<FetchedToken, WechatError> {
        if let Some((current, is_stale)) = self.current()
            // Somebody is renewing it, and the old one still works.
            && (!is_stale || self.fetching.try_lock().is_err())
        {
            return Ok(current);
        }
        match (self.instead_of(None, deadline).await, self.current()) {
            (Err(error), Some((current, _))) => {
                tracing::warn!(%error, "no new access_token; the old one is used to its end");
                Ok(current)
            }
            (renewed, _) => renewed,
        }
    }

    /// Another token than `refused`, which WeChat does not take: from the repository if a replica has
    /// put a newer one there, else fetched. One at a time: what the one before has found is there for
    /// the next.
    pub(crate) async fn instead_of(
        &self,
        refused: Option<&WechatToken>,
        deadline: Instant,
    ) -> Result<FetchedToken, WechatError> {
        let is_good = |found: &FetchedToken| {
            refused.is_none_or(|refused| found.token.expose() != refused.expose())
        };
        let renewal = async {
            let _one_at_a_time = self.fetching.lock().await;
            if let Some((current, false)) = self.current()
                && is_good(&current)
            {
                return Ok(current);
            }
            if let Some(shared) = self.load().await
                && shared.expires_in > self.key.kind.renewed_ahead()
                && is_good(&shared)
            {
                return Ok(self.keep(shared));
            }
            self.fetch().await
        };
        self.in_time(deadline, renewal).await
    }

    /// The token that is good now, after another service saw WeChat refuse `refused`. If that is
    /// the newest one known, WeChat is asked anew, in normal mode, which displaces no token that
    /// still works.
    pub(crate) async fn reported(
        &self,
        refused: &WechatToken,
        deadline: Instant,
    ) -> Result<FetchedToken, WechatError> {
        let renewal = async {
            let mut last_fetch = self.fetching.lock().await;
            if let Some(shared) = self.load().await {
                self.keep(shared);
            }
            let may_fetch = last_fetch.is_none_or(|last| last.elapsed() >= BETWEEN_REPORTS);
            if let Some((newest, _)) = self.current()
                && (!may_fetch || newest.token.expose() != refused.expose())
            {
                return Ok(newest);
            }
            *last_fetch = Some(Instant::now());
            self.fetch().await
        };
        self.in_time(deadline, renewal).await
    }

    async fn in_time(
        &self,
        deadline: Instant,
        renewal: impl Future<Output = Result<FetchedToken, WechatError>>,
    ) -> Result<FetchedToken, WechatError> {
        timeout_at(deadline, renewal)
            .await
            .unwrap_or_else(|_| Err(WechatError::new(self.key.kind.api(), Fault::Timeout)))
    }

    async fn fetch(&self) -> Result<FetchedToken, WechatError> {
        let fetched = self.keep(self.source.fetch().await?);
        if let Some(shared) = &self.shared {
            shared.save(&self.key, &fetched).await;
        }
        Ok(fetched)
    }

    async fn load(&self) -> Option<FetchedToken> {
        self.shared.as_ref()?.load(&self.key).await
    }

    fn keep(&self, fetched: FetchedToken) -> FetchedToken {
        *self.kept.lock() = Some((fetched.clone(), self.elapsed(), self.wall()));
        fetched
    }

    /// The token that is kept, until it dies, and whether a new one is wanted.
    fn current(&self) -> Option<(FetchedToken, bool)> {
        let (token, since, wall) = self.kept.lock().clone()?;
        let age = self.elapsed().saturating_sub(since);
        let wall = wall.zip(self.wall());
        let by_wall =
            wall.and_then(|(then, now)| Duration::try_from(now.duration_since(then)).ok());
        // The clock that went further counts.
        let age = age.max(by_wall.unwrap_or_default());
        let ahead = self.key.kind.renewed_ahead();
        let good_for = token.expires_in.saturating_sub(ahead);
        let expires_in = token.expires_in.saturating_sub(age);
        let current = FetchedToken {
            expires_in,
            ..token
        };
        let is_stale = age >= good_for.max(Duration::from_secs(1));
        (!expires_in.is_zero()).then_some((current, is_stale))
    }

    /// The time since the start, suspension included, for which an [`Instant`] stands still.
    fn elapsed(&self) -> Duration {
        self.start.elapsed() + (self.suspended)()
    }

    /// The time of day, if there is a clock for it. It alone goes on while a virtual machine is paused
    /// or moved.
    fn wall(&self) -> Option<Timestamp> {
        self.shared.as_ref().map(|shared| shared.clock.now())
    }
}

/// How long the machine has been suspended since it was started. Only Linux tells.
fn suspended() -> Duration {
    #[cfg(target_os = "linux")]
    let with_suspension = ClockId::Boottime;
    #[cfg(not(target_os = "linux"))]
    let with_suspension = ClockId::Monotonic;
    let [all, running] = [with_suspension, ClockId::Monotonic]
        .map(|clock| Duration::try_from(clock_gettime(clock)).unwrap_or_default());
    all.saturating_sub(running)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::collections::VecDeque;

    use async_trait::async_trait;
    use domain::id::AppId;
    use domain::testing::{FixedClock, InMemoryStore};
    use rstest::rstest;
    use tokio::time::advance;

    use super::super::TokenKind;
    use super::*;
    use crate::api::Api;
    use crate::error::Refusal;

    /// Gives these tokens, each for so many seconds and after a second; then none.
    struct Script(Mutex<VecDeque<(&'static str, u64)>>);

    #[async_trait]
    impl TokenSource for Script {
        fn key(&self) -> TokenKey {
            TokenKey {
                owner: AppId::new("wx01"),
                kind: TokenKind::Stable,
            }
        }

        async fn fetch(&self) -> Result<FetchedToken, WechatError> {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let next = self.0.lock().pop_front();
            let (token, seconds) = next.ok_or_else(|| {
                WechatError::new(Api::StableToken, Fault::Refused(Refusal::new(45009, "")))
            })?;
            Ok(FetchedToken {
                token: WechatToken::new(token),
                expires_in: Duration::from_secs(seconds),
            })
        }
    }

    fn cache(tokens: impl IntoIterator<Item = (&'static str, u64)>) -> TokenClient {
        let script = Script(Mutex::new(tokens.into_iter().collect()));
        let client = WechatClient::builder().build().unwrap();
        TokenClient::new(client, Arc::new(script))
    }

    fn deadline() -> Instant {
        Instant::now() + Duration::from_secs(5)
    }

    fn text(token: Result<FetchedToken, WechatError>) -> String {
        token.unwrap().token.expose().to_owned()
    }

    async fn token(cache: &TokenClient) -> String {
        text(cache.token(deadline()).await)
    }

    #[tokio::test(start_paused = true)]
    async fn those_who_wait_share_one_fetch() {
        let cache = cache([("T1", 7200)]);
        let got = tokio::join!(token(&cache), token(&cache), token(&cache));
        assert_eq!(got, ("T1".into(), "T1".into(), "T1".into()));
    }

    #[rstest]
    #[case::five_minutes_ahead(7200, 6900)]
    #[case::one_of_five_minutes_after_a_second(300, 1)]
    #[tokio::test(start_paused = true)]
    async fn a_token_is_renewed_ahead_of_its_end(#[case] seconds: u64, #[case] good_for: u64) {
        let cache = cache([("T1", seconds), ("T2", 7200)]);
        assert_eq!(token(&cache).await, "T1");
        advance(Duration::from_millis(good_for * 1000 - 1)).await;
        assert_eq!(token(&cache).await, "T1");
        advance(Duration::from_millis(1)).await;
        assert_eq!(token(&cache).await, "T2");
    }

    #[tokio::test(start_paused = true)]
    async fn while_one_renews_it_the_others_use_the_old_one() {
        let cache = cache([("T1", 7200), ("T2", 7200)]);
        token(&cache).await;
        advance(Duration::from_secs(7000)).await;
        let got = tokio::join!(token(&cache), token(&cache));
        assert_eq!(got, ("T2".into(), "T1".into()));
    }

    thread_local! {
        static SUSPENDED: Cell<Duration> = const { Cell::new(Duration::ZERO) };
    }

    /// By which clock time passes.
    #[derive(PartialEq)]
    enum By {
        Running,
        Suspension,
        Wall,
    }

    #[rstest]
    #[tokio::test(start_paused = true)]
    async fn the_old_token_serves_to_its_end_while_no_new_one_can_be_had(
        #[values(By::Running, By::Suspension, By::Wall)] by: By,
    ) {
        let (clock, mut cache) = (Arc::new(FixedClock::default()), cache([("T1", 7200)]));
        cache.suspended = || SUSPENDED.get();
        cache.shared = (by == By::Wall).then(|| SharedTokens {
            repository: Arc::new(InMemoryStore::default()),
            clock: clock.clone(),
        });
        let pass = async |seconds| {
            let span = Duration::from_secs(seconds);
            match by {
                By::Running => advance(span).await,
                By::Suspension => SUSPENDED.set(SUSPENDED.get() + span),
                By::Wall => clock.advance(span),
            }
        };
        token(&cache).await;
        pass(7000).await;
        let old = cache.token(deadline()).await.unwrap();
        assert_eq!(old.token.expose(), "T1");
        assert!(old.expires_in <= Duration::from_secs(200), "{old:?}");
        pass(200).await;
        let error = cache.token(deadline()).await.unwrap_err();
        assert_eq!(error.errcode(), Some(45009));
    }

    #[tokio::test(start_paused = true)]
    async fn those_whose_token_was_refused_share_one_fetch() {
        let cache = cache([("T1", 7200), ("T2", 7200)]);
        token(&cache).await;
        let refused = WechatToken::new("T1");
        let instead = async || text(cache.instead_of(Some(&refused), deadline()).await);
        let got = tokio::join!(instead(), instead());
        assert_eq!(got, ("T2".into(), "T2".into()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_report_of_the_newest_token_fetches_another_and_at_most_every_ten_seconds() {
        let cache = cache([("T1", 7200), ("T2", 7200), ("T3", 7200)]);
        token(&cache).await;
        let report =
            async |token: &str| text(cache.reported(&WechatToken::new(token), deadline()).await);
        for (pause, refused, expected) in [
            (0, "an older one", "T1"),
            (0, "T1", "T2"),
            (0, "T1", "T2"),
            (8, "T2", "T2"),
            (1, "T2", "T3"),
        ] {
            advance(Duration::from_secs(pause)).await;
            assert_eq!(report(refused).await, expected, "{refused}");
        }
        assert_eq!(token(&cache).await, "T3");
    }

    #[tokio::test(start_paused = true)]
    async fn a_fetch_beyond_the_deadline_is_a_timeout() {
        let cache = cache([("T1", 7200)]);
        let error = cache.token(Instant::now() + Duration::from_millis(500));
        let error = error.await.unwrap_err();
        assert!(matches!(error.fault(), Fault::Timeout), "{error}");
    }
}
