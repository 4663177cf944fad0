//! A client and the token it calls with, fetched once for all callers, before the old one expires.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use domain::ports::{Cause, Clock, StoreResult, StoredWechatToken, WechatTokenRepository};
use domain::secret::WechatToken;
use domain::time::{Timestamp, after};
use parking_lot::Mutex;
use rustix::time::{ClockId, clock_gettime};
use serde::de::DeserializeOwned;
use tokio::time::{Instant, timeout, timeout_at};

use super::{FetchedToken, TokenKey, TokenSource};
use crate::catalogue::Retry;
use crate::client::{Call, WechatClient};
use crate::error::{Fault, Result, WechatError};

/// How far apart the fetches are that reports of other services lead to: WeChat counts the calls of
/// its token API, and a service that reports in a loop must not use them up.
const BETWEEN_REPORTS: Duration = Duration::from_secs(10);

/// What stands after the key of a token whose report led to a fetch, on any replica; it expires with the
/// time between reports.
const REPORTED: &str = " reported";

/// How long the repository may hold up a call that waits for a token: a fetch is quicker then.
const PATIENCE: Duration = Duration::from_millis(500);

/// A client and the token it calls with. Replicas need no lock between them: a stable token is the same
/// for all who ask, and a plain one that another replica has displaced is refused (40001), which leads
/// to the repository. A repository that is away only costs more calls of WeChat's token API.
pub(crate) struct TokenClient {
    client: WechatClient,
    source: Arc<dyn TokenSource>,
    key: TokenKey,
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

    /// The same, with its token kept for all replicas.
    pub(crate) fn sharing(&self, shared: SharedTokens) -> Self {
        Self {
            shared: Some(shared),
            ..Self::new(self.client.clone(), Arc::clone(&self.source))
        }
    }

    pub(crate) fn deadline(&self) -> Instant {
        self.client.deadline()
    }

    /// Makes `call` with the token. If WeChat refuses the token, it is made once more with another
    /// one, and never a third time.
    pub(crate) async fn call<W: DeserializeOwned, T>(
        &self,
        call: Call,
        understand: impl Fn(W) -> Result<T, Fault>,
    ) -> Result<T> {
        let deadline = self.deadline();
        let with = |token: &WechatToken| {
            let call = call.clone();
            call.token(self.key.kind.parameter(), token.expose())
        };
        let token = self.token(deadline).await?.token;
        let result = self.client.call(with(&token), deadline, &understand);
        match result.await {
            Err(error) if error.verdict().retry == Retry::WithNewToken => {
                tracing::debug!(%error, "asking WeChat again with another access_token");
                let token = self.instead_of(Some(&token), deadline).await?.token;
                let again = self.client.call(with(&token), deadline, &understand);
                again.await
            }
            result => result,
        }
    }

    pub(crate) async fn token(&self, deadline: Instant) -> Result<FetchedToken> {
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
    ) -> Result<FetchedToken> {
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
            if let Some(shared) = self.load("").await
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
    pub(crate) async fn reported(&self, refused: &WechatToken) -> Result<FetchedToken> {
        let renewal = async {
            let mut last_fetch = self.fetching.lock().await;
            if let Some(shared) = self.load("").await {
                self.keep(shared);
            }
            let is_soon = last_fetch.is_some_and(|last| last.elapsed() < BETWEEN_REPORTS);
            if let Some((newest, _)) = self.current()
                && (newest.token.expose() != refused.expose()
                    || is_soon
                    || self.load(REPORTED).await.is_some())
            {
                return Ok(newest);
            }
            *last_fetch = Some(Instant::now());
            let (token, expires_in) = (refused.clone(), BETWEEN_REPORTS);
            let reported = FetchedToken { token, expires_in };
            self.save(REPORTED, &reported).await;
            self.fetch().await
        };
        self.in_time(self.deadline(), renewal).await
    }

    async fn in_time(
        &self,
        deadline: Instant,
        renewal: impl Future<Output = Result<FetchedToken>>,
    ) -> Result<FetchedToken> {
        timeout_at(deadline, renewal)
            .await
            .unwrap_or_else(|_| Err(WechatError::new(self.key.kind.api(), Fault::Timeout)))
    }

    async fn fetch(&self) -> Result<FetchedToken> {
        let fetched = self.keep(self.source.fetch().await?);
        self.save("", &fetched).await;
        Ok(fetched)
    }

    /// What the replicas share under the token's key and `suffix`.
    async fn load(&self, suffix: &str) -> Option<FetchedToken> {
        let shared = self.shared.as_ref()?;
        let key = format!("{}{suffix}", self.key);
        let stored = told(shared.repository.load(&key)).await??;
        let left = stored.expires_at.duration_since(shared.clock.now());
        Some(FetchedToken {
            token: stored.token,
            expires_in: Duration::try_from(left).ok()?,
        })
    }

    async fn save(&self, suffix: &str, fetched: &FetchedToken) {
        if let Some(shared) = &self.shared {
            let key = format!("{}{suffix}", self.key);
            let stored = StoredWechatToken {
                token: fetched.token.clone(),
                expires_at: after(shared.clock.now(), fetched.expires_in),
            };
            told(shared.repository.save(&key, &stored)).await;
        }
    }

    fn keep(&self, fetched: FetchedToken) -> FetchedToken {
        *self.kept.lock() = Some((fetched.clone(), self.elapsed(), self.wall()));
        fetched
    }

    /// The token that is kept, until it dies, and whether a new one is wanted.
    fn current(&self) -> Option<(FetchedToken, bool)> {
        let (token, since, then) = self.kept.lock().clone()?;
        let by_wall = then
            .zip(self.wall())
            .map(|(then, now)| now.duration_since(then));
        let by_wall = by_wall.and_then(|age| Duration::try_from(age).ok());
        let by_running = self.elapsed().saturating_sub(since);
        // The clock that went further counts.
        let age = by_running.max(by_wall.unwrap_or_default());
        let ahead = self.key.kind.renewed_ahead();
        let good_for = token.expires_in.saturating_sub(ahead);
        let is_stale = age >= good_for.max(Duration::from_secs(1));
        let expires_in = token.expires_in.saturating_sub(age);
        let current = FetchedToken {
            expires_in,
            ..token
        };
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

impl fmt::Debug for TokenClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenClient")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

/// Where all replicas keep their tokens, and the clock that says when these expire.
#[derive(Clone)]
pub struct SharedTokens {
    pub repository: Arc<dyn WechatTokenRepository>,
    pub clock: Arc<dyn Clock>,
}

/// What the repository says, if it does in time.
async fn told<T>(call: impl Future<Output = StoreResult<T>>) -> Option<T> {
    let told = timeout(PATIENCE, call).await.map_err(Cause::from);
    let told = told.and_then(|told| told.map_err(Cause::from));
    let unshared = "WeChat's access_token is not shared between replicas";
    told.inspect_err(|error| tracing::warn!(error = &**error, "{unshared}"))
        .ok()
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
mod tests;
