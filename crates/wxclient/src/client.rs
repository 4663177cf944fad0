//! The client: one pool of connections, one policy.

mod breaker;
mod call;
mod options;
mod policy;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use backon::Retryable;
use domain::time::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::{DATE, HeaderMap};
use reqwest::{RequestBuilder, Url};
use serde::de::DeserializeOwned;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};
use zeroize::Zeroizing;

use breaker::Breaker;
pub(crate) use call::{Call, Repeat};
pub use options::{BuildError, ClientOptions};
pub use policy::Policy;

use crate::api::Api;
use crate::app::AppSecret;
use crate::error::{Fault, Result, WechatError};
use crate::json;

/// The longest answer that is read. WeChat's are a few hundred bytes.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// A client of WeChat's server API. Cheap to clone; the clones share connections, limits and
/// circuit breakers.
///
/// [`ClientOptions::build`] gives one. It makes the calls that need no access_token; an
/// [`AppClient`](crate::AppClient) makes those that do.
#[derive(Clone)]
pub struct WechatClient {
    shared: Arc<Shared>,
}

struct Shared {
    http: reqwest::Client,
    base: Url,
    endpoints: [Endpoint; Api::ALL.len()],
    policy: Policy,
    permits: Semaphore,
    /// Where requests are sent from; `None` for wherever the caller runs.
    runtime: Option<Handle>,
    observer: Option<Arc<dyn CallObserver>>,
}

struct Endpoint {
    url: Url,
    breaker: Breaker,
}

/// Hears of every call, once: after its last try.
///
/// An observer MUST be quick; the call waits for it.
pub trait CallObserver: Send + Sync {
    /// A call of `api` has ended after `took`, waiting and further tries included.
    /// [`Fault::kind`] is a label of few values.
    fn called(&self, api: Api, outcome: Result<(), &Fault>, took: Duration);
}

impl Shared {
    #[expect(
        clippy::indexing_slicing,
        reason = "there are as many as APIs, and a test finds each"
    )]
    const fn endpoint(&self, api: Api) -> &Endpoint {
        &self.endpoints[api as usize]
    }
}

impl WechatClient {
    /// Whether the circuit breaker of `api` is open: WeChat has been away, and calls fail at once.
    pub fn is_suspended(&self, api: Api) -> bool {
        self.shared.endpoint(api).breaker.is_open()
    }

    pub(crate) fn deadline(&self) -> Instant {
        Instant::now() + self.shared.policy.timeout
    }

    /// [`call`](Self::call) with an AppSecret. If WeChat refuses it and there is another, the call
    /// is made once more with that: it looks at the secret before it looks at a code.
    pub(crate) async fn call_with_secret<W: DeserializeOwned, T>(
        &self,
        secret: &AppSecret,
        with_secret: impl Fn(&str) -> Call,
        understand: impl Fn(W) -> Result<T, Fault>,
    ) -> Result<T> {
        let deadline = self.deadline();
        let presented = secret.current();
        let call = with_secret(presented.text);
        let refused = match self.call(call, deadline, &understand).await {
            Err(error) if error.is_of_the_secret() => error,
            result => return result,
        };
        let Some(other) = secret.instead_of(&presented) else {
            return Err(refused);
        };
        tracing::warn!(error = %refused, "WeChat refuses an AppSecret; the app's other one is tried");
        let call = with_secret(other.text);
        let result = self.call(call, deadline, &understand).await;
        if result.as_ref().is_err_and(WechatError::is_of_the_secret) {
            secret.both_refused();
        }
        result
    }

    /// Makes a call under the policy, to be done at `deadline`, and understands its reply with
    /// `understand`.
    pub(crate) async fn call<W: DeserializeOwned, T>(
        &self,
        call: Call,
        deadline: Instant,
        understand: impl Fn(W) -> Result<T, Fault>,
    ) -> Result<T> {
        let begun = Instant::now();
        let result = match self.shared.endpoint(call.api).breaker.admit() {
            Ok(admission) => {
                let result = self.tries(&call, deadline, understand).await;
                admission.report(call.api, result.as_ref().err());
                result
            }
            Err(retry_after) => Err(Fault::BreakerOpen { retry_after }),
        };
        if let Some(observer) = &self.shared.observer {
            let outcome = result.as_ref().map(|_| ());
            observer.called(call.api, outcome, begun.elapsed());
        }
        result.map_err(|fault| WechatError::new(call.api, fault))
    }

    /// One try, and further ones where the policy allows them.
    async fn tries<W: DeserializeOwned, T>(
        &self,
        call: &Call,
        deadline: Instant,
        understand: impl Fn(W) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let mut budget = self.shared.policy.budget(call.api, call.repeat, deadline);
        (|| self.attempt(call, deadline, &understand))
            .retry(policy::backoff())
            .adjust(|fault, pause| budget.pause(fault, pause?))
            .notify(|fault, pause| {
                tracing::debug!(api = %call.api, %fault, ?pause, "asking WeChat again");
            })
            .await
    }

    /// One request and its answer. Waiting for a permit counts into the deadline.
    async fn attempt<W: DeserializeOwned, T>(
        &self,
        call: &Call,
        deadline: Instant,
        understand: impl Fn(W) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let policy = &self.shared.policy;
        let permit = timeout_at(policy.latest_start(deadline), self.shared.permits.acquire());
        let Ok(Ok(_permit)) = permit.await else {
            return Err(Fault::Overloaded);
        };
        let deadline = policy.attempt_deadline(call.repeat, deadline);
        let exchanged = timeout_at(deadline, self.exchange(call)).await;
        let body = exchanged.map_err(|_| Fault::Timeout)??;
        understand(json::read(&body)?)
    }

    /// One request and its answer, whole, on the runtime that was asked for.
    async fn exchange(&self, call: &Call) -> Result<Zeroizing<Vec<u8>>, Fault> {
        let url = &self.shared.endpoint(call.api).url;
        let request = call.request(&self.shared.http, url)?;
        let (headers, body) = match &self.shared.runtime {
            Some(runtime) if !is_current(runtime) => {
                // The set ends the request if this future is dropped, as when it is late.
                let mut requests = JoinSet::new();
                requests.spawn_on(answer(request), runtime);
                match requests.join_next().await {
                    Some(Ok(answer)) => answer?,
                    Some(Err(_)) | None => return Err(Fault::NotMade("its runtime has ended")),
                }
            }
            _ => answer(request).await?,
        };
        match &call.security {
            Some(security) => security.open(url, &headers, body),
            None => Ok(body),
        }
    }

    /// WeChat's clock, to the second, by the `Date` header (RFC 9110, section 6.6.1) of an answer;
    /// `None` if the answer has none. Nothing secret is sent, and any answer will do.
    pub async fn server_time(&self) -> Result<Option<Timestamp>> {
        let url = self.shared.endpoint(Api::Code2Session).url.clone();
        let answer = timeout_at(self.deadline(), self.shared.http.get(url).send()).await;
        let answer = answer
            .map_err(|_| Fault::Timeout)
            .and_then(|answer| answer.map_err(Fault::of_sending))
            .map_err(|fault| WechatError::new(Api::Code2Session, fault))?;
        let date = answer.headers().get(DATE);
        let date = date.and_then(|date| date.to_str().ok());
        Ok(date.and_then(|date| DateTimeParser::new().parse_timestamp(date).ok()))
    }
}

fn is_current(runtime: &Handle) -> bool {
    Handle::try_current().is_ok_and(|current| current.id() == runtime.id())
}

/// Sends the request and reads the whole body of a 200 answer.
async fn answer(request: RequestBuilder) -> Result<(HeaderMap, Zeroizing<Vec<u8>>), Fault> {
    let mut response = request.send().await.map_err(Fault::of_sending)?;
    if response.status() != reqwest::StatusCode::OK {
        return Err(Fault::Status(response.status().as_u16()));
    }
    let headers: HeaderMap = std::mem::take(response.headers_mut());
    let mut body = Zeroizing::new(Vec::with_capacity(512));
    while let Some(chunk) = response.chunk().await.map_err(Fault::of_reading)? {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Err(Fault::Malformed("longer than 64 KiB"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok((headers, body))
}

impl fmt::Debug for WechatClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WechatClient")
            .field("base", &self.shared.base.as_str())
            .field("policy", &self.shared.policy)
            .finish_non_exhaustive()
    }
}
