//! The client: one pool of connections, one policy.

mod builder;
mod call;
mod policy;

use std::sync::Arc;

use backon::Retryable;
use reqwest::Url;
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};
use zeroize::Zeroizing;

pub use builder::{BuildError, WechatClientBuilder};
pub(crate) use call::{Call, Repeat};
use policy::Policy;

use crate::api::Api;
use crate::error::{Fault, WechatError};
use crate::wire;

/// The longest answer that is read. WeChat's are a few hundred bytes.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// A client of WeChat's server API. Cheap to clone; the clones share connections and limits.
#[derive(Clone, Debug)]
pub struct WechatClient {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    http: reqwest::Client,
    base: Url,
    policy: Policy,
    permits: Semaphore,
}

impl WechatClient {
    /// A client of `https://api.weixin.qq.com` with the usual policy, to be changed.
    pub fn builder() -> WechatClientBuilder {
        WechatClientBuilder::default()
    }

    /// Makes a call under the policy, and understands its reply with `understand`.
    pub(crate) async fn call<W, T>(
        &self,
        call: Call,
        understand: fn(W) -> Result<T, Fault>,
    ) -> Result<T, WechatError>
    where
        W: DeserializeOwned,
    {
        let policy = &self.shared.policy;
        let deadline = Instant::now() + policy.timeout;
        let mut budget = policy.budget(call.api, call.repeat, deadline);
        (|| self.attempt(&call, deadline, understand))
            .retry(policy::backoff())
            .adjust(|fault, pause| budget.pause(fault, pause?))
            .notify(|fault, pause| {
                tracing::debug!(api = %call.api, %fault, ?pause, "asking WeChat again");
            })
            .await
            .map_err(|fault| WechatError::new(call.api, fault))
    }

    /// One request and its answer. Waiting for a permit counts into the deadline.
    async fn attempt<W, T>(
        &self,
        call: &Call,
        deadline: Instant,
        understand: fn(W) -> Result<T, Fault>,
    ) -> Result<T, Fault>
    where
        W: DeserializeOwned,
    {
        let latest_start = self.shared.policy.latest_start(deadline);
        let permit = timeout_at(latest_start, self.shared.permits.acquire()).await;
        let Ok(Ok(_permit)) = permit else {
            return Err(Fault::Overloaded);
        };
        let body = timeout_at(deadline, self.exchange(call))
            .await
            .map_err(|_| Fault::Timeout)??;
        understand(wire::read(&body)?)
    }

    /// Sends the request and reads the whole body of a 200 answer.
    async fn exchange(&self, call: &Call) -> Result<Zeroizing<Vec<u8>>, Fault> {
        let request = call.request(&self.shared.http, self.url(call.api));
        let mut response = request.send().await.map_err(Fault::of_sending)?;
        if response.status() != reqwest::StatusCode::OK {
            return Err(Fault::Status(response.status().as_u16()));
        }
        let mut body = Zeroizing::new(Vec::with_capacity(512));
        while let Some(chunk) = response.chunk().await.map_err(Fault::of_reading)? {
            if body.len() + chunk.len() > MAX_ANSWER_BYTES {
                return Err(Fault::Malformed("longer than 64 KiB"));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn url(&self, api: Api) -> Url {
        let mut url = self.shared.base.clone();
        let prefix = url.path().trim_end_matches('/').to_owned();
        url.set_path(&(prefix + api.path()));
        url
    }
}
