//! The token of one app in this process: fetched once for all callers, before the old one expires.

use std::sync::Arc;
use std::time::Duration;

use domain::ports::{Clock, RepositoryError, StoredWechatToken, WechatTokenRepository};
use domain::secret::WechatToken;
use domain::time::after;
use parking_lot::Mutex;
use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout, timeout_at};

use super::{FetchedToken, TokenKey, TokenSource};
use crate::error::{Fault, WechatError};

/// How long the repository may hold up a call that waits for a token: a fetch is quicker then.
const PATIENCE: Duration = Duration::from_millis(500);

/// How far apart the fetches are that reports of other services lead to: WeChat counts the calls of
/// its token API, and a service that reports in a loop must not use them up.
const BETWEEN_REPORTS: Duration = Duration::from_secs(10);

/// The cache. Replicas need no lock between them: a stable token is the same for all who ask, and
/// a plain one that another replica has displaced is refused (40001), which leads to the
/// repository. A repository that is away only costs more calls of WeChat's token API.
pub(crate) struct TokenCache {
    source: Arc<dyn TokenSource>,
    key: TokenKey,
    shared: Option<SharedTokens>,
    current: Mutex<Option<Current>>,
    /// Held by the one who fetches. When a report last led to a fetch.
    fetching: tokio::sync::Mutex<Option<Instant>>,
}

/// Where replicas share their tokens, and the clock by which these expire.
pub(crate) struct SharedTokens {
    pub(crate) repository: Arc<dyn WechatTokenRepository>,
    pub(crate) clock: Arc<dyn Clock>,
}

#[derive(Clone)]
struct Current {
    token: WechatToken,
    /// From here on a new one is wanted.
    stale: Instant,
    /// From here on it is dead.
    dead: Instant,
}

impl Current {
    fn into_fetched(self) -> FetchedToken {
        FetchedToken {
            token: self.token,
            expires_in: self.dead.saturating_duration_since(Instant::now()),
        }
    }
}

impl TokenCache {
    pub(crate) fn new(source: Arc<dyn TokenSource>, shared: Option<SharedTokens>) -> Self {
        Self {
            key: source.key(),
            source,
            shared,
            current: Mutex::default(),
            fetching: tokio::sync::Mutex::default(),
        }
    }

    /// An empty cache of the same tokens, which shares them.
    pub(crate) fn sharing(&self, shared: SharedTokens) -> Self {
        Self::new(Arc::clone(&self.source), Some(shared))
    }

    pub(crate) const fn parameter(&self) -> &'static str {
        self.key.kind.parameter()
    }

    pub(crate) async fn token(&self, deadline: Instant) -> Result<FetchedToken, WechatError> {
        match self.current() {
            Some(current) if Instant::now() < current.stale => Ok(current.into_fetched()),
            // Somebody is renewing it, and the old one still works.
            Some(current) if self.fetching.try_lock().is_err() => Ok(current.into_fetched()),
            Some(current) => match self.in_time(deadline, self.renew(None)).await {
                Ok(token) => Ok(token),
                Err(error) => {
                    tracing::warn!(%error, "no new access_token; the old one is used to its end");
                    Ok(current.into_fetched())
                }
            },
            None => self.in_time(deadline, self.renew(None)).await,
        }
    }

    /// Another token than `refused`, which WeChat does not take: from the repository if a replica has
    /// put a newer one there, else fetched.
    pub(crate) async fn instead_of(
        &self,
        refused: &WechatToken,
        deadline: Instant,
    ) -> Result<FetchedToken, WechatError> {
        self.in_time(deadline, self.renew(Some(refused))).await
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
            let newest = match self.load().await {
                Some(shared) => Some(self.keep(shared)),
                None => self.current().map(Current::into_fetched),
            };
            let may_fetch = last_fetch.is_none_or(|last| last.elapsed() >= BETWEEN_REPORTS);
            match newest {
                Some(newest) if !may_fetch || newest.token.expose() != refused.expose() => {
                    Ok(newest)
                }
                _ => {
                    *last_fetch = Some(Instant::now());
                    self.fetch().await
                }
            }
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

    /// One at a time: what the one before has found is there for the next.
    async fn renew(&self, refused: Option<&WechatToken>) -> Result<FetchedToken, WechatError> {
        let _one_at_a_time = self.fetching.lock().await;
        let is_good =
            |token: &WechatToken| refused.is_none_or(|refused| token.expose() != refused.expose());
        if let Some(current) = self.current()
            && Instant::now() < current.stale
            && is_good(&current.token)
        {
            return Ok(current.into_fetched());
        }
        if let Some(shared) = self.load().await
            && shared.expires_in > self.key.kind.renewed_ahead()
            && is_good(&shared.token)
        {
            return Ok(self.keep(shared));
        }
        self.fetch().await
    }

    async fn fetch(&self) -> Result<FetchedToken, WechatError> {
        let fetched = self.keep(self.source.fetch().await?);
        self.save(&fetched).await;
        Ok(fetched)
    }

    async fn load(&self) -> Option<FetchedToken> {
        let SharedTokens { repository, clock } = self.shared.as_ref()?;
        let key = self.key.to_string();
        let loaded = timeout(PATIENCE, repository.load(&key)).await;
        let StoredWechatToken { token, expires_at } = told(loaded)??;
        let left = expires_at.duration_since(clock.now());
        let expires_in = Duration::try_from(left).ok()?;
        Some(FetchedToken { token, expires_in })
    }

    async fn save(&self, fetched: &FetchedToken) {
        let Some(SharedTokens { repository, clock }) = &self.shared else {
            return;
        };
        let key = self.key.to_string();
        let stored = StoredWechatToken {
            token: fetched.token.clone(),
            expires_at: after(clock.now(), fetched.expires_in),
        };
        told(timeout(PATIENCE, repository.save(&key, &stored)).await);
    }

    fn keep(&self, fetched: FetchedToken) -> FetchedToken {
        let now = Instant::now();
        let good_for = fetched
            .expires_in
            .saturating_sub(self.key.kind.renewed_ahead())
            .max(Duration::from_secs(1));
        *self.current.lock() = Some(Current {
            token: fetched.token.clone(),
            stale: now + good_for,
            dead: now + fetched.expires_in,
        });
        fetched
    }

    fn current(&self) -> Option<Current> {
        let current = self.current.lock().clone();
        current.filter(|current| Instant::now() < current.dead)
    }
}

/// What the repository said, if it did.
fn told<T>(said: Result<Result<T, RepositoryError>, Elapsed>) -> Option<T> {
    match said {
        Ok(Ok(told)) => return Some(told),
        Ok(Err(error)) => warn(&error),
        Err(late) => warn(&late),
    }
    None
}

fn warn(error: &(dyn std::error::Error + 'static)) {
    tracing::warn!(
        error,
        "WeChat's access_token is not shared between replicas"
    );
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use async_trait::async_trait;
    use domain::id::AppId;

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

    fn cache(tokens: impl IntoIterator<Item = (&'static str, u64)>) -> TokenCache {
        let script = Script(Mutex::new(tokens.into_iter().collect()));
        TokenCache::new(Arc::new(script), None)
    }

    async fn token(cache: &TokenCache) -> String {
        let deadline = Instant::now() + Duration::from_secs(5);
        let token = cache.token(deadline).await.unwrap();
        token.token.expose().to_owned()
    }

    #[tokio::test(start_paused = true)]
    async fn those_who_wait_share_one_fetch() {
        let cache = cache([("T1", 7200)]);
        let got = tokio::join!(token(&cache), token(&cache), token(&cache));
        assert_eq!(got, ("T1".into(), "T1".into(), "T1".into()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_is_renewed_five_minutes_ahead() {
        let cache = cache([("T1", 7200), ("T2", 7200)]);
        assert_eq!(token(&cache).await, "T1");
        tokio::time::advance(Duration::from_secs(6899)).await;
        assert_eq!(token(&cache).await, "T1");
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(token(&cache).await, "T2");
    }

    #[tokio::test(start_paused = true)]
    async fn while_one_renews_it_the_others_use_the_old_one() {
        let cache = cache([("T1", 7200), ("T2", 7200)]);
        token(&cache).await;
        tokio::time::advance(Duration::from_secs(7000)).await;
        let got = tokio::join!(token(&cache), token(&cache));
        assert_eq!(got, ("T2".into(), "T1".into()));
    }

    #[tokio::test(start_paused = true)]
    async fn the_old_token_serves_to_its_end_while_no_new_one_can_be_had() {
        let cache = cache([("T1", 7200)]);
        token(&cache).await;
        tokio::time::advance(Duration::from_secs(7000)).await;
        assert_eq!(token(&cache).await, "T1");
        tokio::time::advance(Duration::from_secs(200)).await;
        let deadline = Instant::now() + Duration::from_secs(5);
        assert_eq!(
            cache.token(deadline).await.unwrap_err().errcode(),
            Some(45009)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_of_five_minutes_is_used_for_a_second() {
        let cache = cache([("T1", 300), ("T2", 7200)]);
        assert_eq!(token(&cache).await, "T1");
        assert_eq!(token(&cache).await, "T1");
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(token(&cache).await, "T2");
    }

    #[tokio::test(start_paused = true)]
    async fn those_whose_token_was_refused_share_one_fetch() {
        let cache = cache([("T1", 7200), ("T2", 7200)]);
        token(&cache).await;
        let refused = WechatToken::new("T1");
        let deadline = Instant::now() + Duration::from_secs(5);
        let instead = || cache.instead_of(&refused, deadline);
        let (one, two) = tokio::join!(instead(), instead());
        assert_eq!(one.unwrap().token.expose(), "T2");
        assert_eq!(two.unwrap().token.expose(), "T2");
    }

    #[tokio::test(start_paused = true)]
    async fn a_report_of_the_newest_token_fetches_another_and_at_most_every_ten_seconds() {
        let cache = cache([("T1", 7200), ("T2", 7200), ("T3", 7200)]);
        token(&cache).await;
        let report = async |token: &str| {
            let deadline = Instant::now() + Duration::from_secs(5);
            let token = cache.reported(&WechatToken::new(token), deadline).await;
            token.unwrap().token.expose().to_owned()
        };
        assert_eq!(report("an older one").await, "T1");
        assert_eq!(report("T1").await, "T2");
        assert_eq!(report("T1").await, "T2");
        tokio::time::advance(Duration::from_secs(8)).await;
        assert_eq!(report("T2").await, "T2");
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(report("T2").await, "T3");
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
