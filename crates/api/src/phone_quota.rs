//! How many phone numbers an app may still ask WeChat for, as a metric.

use std::num::NonZeroU32;
use std::sync::Arc;

use async_trait::async_trait;
use domain::id::{AppId, OpenId};
use domain::open_data::PhoneGrant;
use domain::ports::{WechatApiError, WechatUserApi};
use domain::secret::{PhoneCode, SessionKey};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use tokio::runtime::Handle;
use wxclient::app_client::Resource;
use wxclient::{AppClient, HttpWechatApi};

use crate::metrics::Metrics;

/// How often WeChat is asked what is left of an app's numbers. A pack holds some thousand.
const READS: Quota = Quota::per_hour(NonZeroU32::MIN);

/// [`WechatUserApi`] that reads what is left after a phone number was looked up, so that a service that
/// looks none up asks WeChat nothing.
pub(crate) struct MeteredUserApi {
    api: Arc<HttpWechatApi>,
    reads: DefaultKeyedRateLimiter<AppId>,
    metrics: Arc<Metrics>,
    runtime: Handle,
}

impl MeteredUserApi {
    pub(crate) fn new(api: Arc<HttpWechatApi>, metrics: Arc<Metrics>, runtime: &Handle) -> Self {
        Self {
            api,
            reads: RateLimiter::keyed(READS),
            metrics,
            runtime: runtime.clone(),
        }
    }

    /// Reads what is left, unless it was read a moment ago. Nothing waits for it.
    fn read(&self, app: &AppId) {
        let is_due = |_: &&AppClient| self.reads.check_key(app).is_ok();
        let Some(client) = self.api.client(app).filter(is_due).cloned() else {
            return;
        };
        let metrics = self.metrics.clone();
        self.runtime.spawn(async move {
            for resource in Resource::ALL {
                match client.left_of(resource).await {
                    Ok(left) => metrics.show_phone_numbers_left(client.app_id(), resource, left),
                    Err(error) => tracing::debug!(
                        app = %client.app_id(),
                        %error,
                        "how many phone numbers are left could not be read"
                    ),
                }
            }
        });
    }
}

#[async_trait]
impl WechatUserApi for MeteredUserApi {
    async fn phone_number(
        &self,
        app: &AppId,
        open_id: &OpenId,
        code: &PhoneCode,
    ) -> Result<PhoneGrant, WechatApiError> {
        let grant = self.api.phone_number(app, open_id, code).await?;
        self.read(app);
        Ok(grant)
    }

    async fn is_current(
        &self,
        app: &AppId,
        open_id: &OpenId,
        session_key: &SessionKey,
    ) -> Result<bool, WechatApiError> {
        self.api.is_current(app, open_id, session_key).await
    }
}
