//! The settings of a client, and building it.

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Certificate, Url};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use super::breaker::Breaker;
use super::policy::Policy;
use super::{CallObserver, Endpoint, Shared, WechatClient};
use crate::api::Api;

/// How long an unused connection is kept: below the 60 s after which common gateways close
/// theirs, so that a request does not meet a connection that is being closed.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(20);

/// The settings of a [`WechatClient`], by default of `https://api.weixin.qq.com`. They have no `Debug`,
/// because a proxy's URL may hold a password.
#[derive(Clone, Default)]
pub struct ClientOptions {
    /// Where WeChat is, `http` or `https`, with a path before the API's if need be.
    pub base_url: Option<Url>,
    /// The HTTP proxy to go through. Without one, what the environment says (`HTTPS_PROXY`,
    /// `HTTP_PROXY`, `NO_PROXY`), and none for a base URL on loopback.
    pub proxy: Option<Url>,
    pub policy: Policy,
    /// The observer of every call, for metrics.
    pub observer: Option<Arc<dyn CallObserver>>,
    /// The runtime that requests are sent from; `None` for the one of each call.
    ///
    /// A connection belongs to the runtime that opened it. Where calls come from several runtimes,
    /// of which some end earlier than others (actix-web has one for each worker), a request on
    /// another runtime's connection fails when that runtime ends, and waits while it is busy. So
    /// name the one that ends last.
    pub runtime: Option<Handle>,
}

impl ClientOptions {
    /// Builds the client.
    ///
    /// # Errors
    /// [`BuildError`] if a URL cannot be used. Never for want of the system's CA certificates:
    /// then Mozilla's, as bundled, are trusted instead.
    pub fn build(self) -> Result<WechatClient, BuildError> {
        let base = self.base_or_default()?;
        let mut policy = self.policy;
        policy.connect_timeout = policy.connect_timeout.min(policy.timeout * 4 / 5);
        policy.max_concurrency = policy.max_concurrency.clamp(1, Semaphore::MAX_PERMITS);
        let http = self.http(&base, &policy)?.build().or_else(|_| {
            let http = self.http(&base, &policy)?;
            http.tls_certs_only(bundled_roots()).build()
        });
        let http = http.map_err(reqwest::Error::without_url)?;
        Ok(WechatClient {
            shared: Arc::new(Shared {
                http,
                endpoints: Api::ALL.map(|api| Endpoint {
                    url: url_of(&base, api),
                    breaker: Breaker::new(),
                }),
                base,
                policy,
                permits: Semaphore::new(policy.max_concurrency),
                runtime: self.runtime,
                observer: self.observer,
            }),
        })
    }

    fn base_or_default(&self) -> Result<Url, BuildError> {
        let Some(base) = self.base_url.clone() else {
            return Url::parse("https://api.weixin.qq.com").map_err(|_| BuildError::BaseUrl);
        };
        let plain = base.has_host()
            && matches!(base.scheme(), "http" | "https")
            && base.username().is_empty()
            && base.password().is_none()
            && base.query().is_none()
            && base.fragment().is_none();
        plain.then_some(base).ok_or(BuildError::BaseUrl)
    }

    /// The HTTP client's settings.
    ///
    /// HTTP/1.1 alone, so that the fall of a connection costs one request; and no retries by
    /// reqwest, because only this crate knows what may be sent twice. (Below it, hyper sends a
    /// request anew only if it had not begun to write it.)
    fn http(&self, base: &Url, policy: &Policy) -> Result<reqwest::ClientBuilder, reqwest::Error> {
        let mut http = reqwest::Client::builder()
            .user_agent(concat!("wxclient/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .http1_only()
            .tcp_nodelay(true)
            .referer(false)
            .connect_timeout(policy.connect_timeout)
            .pool_idle_timeout(POOL_IDLE_TIMEOUT)
            .pool_max_idle_per_host(policy.max_concurrency);
        if let Some(proxy) = &self.proxy {
            http = http.proxy(reqwest::Proxy::all(proxy.clone())?);
        } else if is_loopback(base) {
            http = http.no_proxy();
        }
        Ok(http)
    }
}

/// Where `api` is, below a base that may end in a slash.
fn url_of(base: &Url, api: Api) -> Url {
    let mut url = base.clone();
    let prefix = url.path().trim_end_matches('/').to_owned();
    url.set_path(&(prefix + api.path()));
    url
}

fn is_loopback(base: &Url) -> bool {
    match base.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

fn bundled_roots() -> impl Iterator<Item = Certificate> {
    let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter();
    roots.filter_map(|der| Certificate::from_der(der).ok())
}

#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    #[error(
        "WeChat's base URL must be http:// or https:// and a host, without user, query or fragment"
    )]
    BaseUrl,
    #[error("the HTTP client cannot be built with these settings")]
    Http(#[from] reqwest::Error),
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn each_api_is_below_the_base() {
        for base in ["https://wechat.example/a/b", "https://wechat.example/a/b/"] {
            let base = Url::parse(base).unwrap();
            let options = ClientOptions {
                base_url: Some(base),
                ..ClientOptions::default()
            };
            let client = options.build().unwrap();
            for api in Api::ALL {
                let expected = format!("https://wechat.example/a/b{}", api.path());
                assert_eq!(client.shared.endpoint(api).url.as_str(), expected);
            }
        }
    }

    #[tokio::test]
    async fn one_request_at_once_is_the_least() {
        let mut options = ClientOptions::default();
        options.policy.max_concurrency = 0;
        let client = options.build().unwrap();
        let permits = &client.shared.permits;
        let held = permits.acquire().now_or_never();
        assert!(held.is_some());
        assert!(permits.acquire().now_or_never().is_none());
    }
}
