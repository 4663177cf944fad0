//! How many phone numbers an app may still ask WeChat for, as a metric.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use domain::id::{AppId, OpenId};
use domain::open_data::PhoneGrant;
use domain::ports::{WechatApiError, WechatUserApi};
use domain::secret::{PhoneCode, SessionKey};
use tokio::runtime::Handle;
use wxclient::app_client::Resource;
use wxclient::{AppClient, HttpWechatUserApi};

use crate::metrics::Metrics;

/// How often WeChat is asked what is left. A pack holds some thousand numbers.
const READ_EVERY: Duration = Duration::from_hours(1);

/// [`WechatUserApi`] that reads what is left after a phone number was looked up, so that a service that
/// looks none up asks WeChat nothing.
pub(crate) struct MeteredUserApi {
    pub(crate) api: HttpWechatUserApi,
    pub(crate) quota: PhoneQuota,
}

/// What is left, of each app.
pub(crate) struct PhoneQuota {
    apps: HashMap<AppId, AppClient>,
    read: Mutex<HashMap<AppId, Instant>>,
    metrics: Arc<Metrics>,
    runtime: Handle,
}

impl PhoneQuota {
    pub(crate) fn new(apps: &[AppClient], metrics: Arc<Metrics>, runtime: &Handle) -> Self {
        let apps = apps.iter().map(|app| (app.app_id().clone(), app.clone()));
        Self {
            apps: apps.collect(),
            read: Mutex::default(),
            metrics,
            runtime: runtime.clone(),
        }
    }

    /// Reads what is left, unless it was read a moment ago. Nothing waits for it.
    fn read(&self, app: &AppId) {
        let Some(client) = self.apps.get(app).filter(|_| self.is_due(app)) else {
            return;
        };
        let (client, metrics) = (client.clone(), self.metrics.clone());
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

    fn is_due(&self, app: &AppId) -> bool {
        let now = Instant::now();
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = read
            .get(app)
            .is_none_or(|last| now.duration_since(*last) >= READ_EVERY);
        if is_due {
            read.insert(app.clone(), now);
        }
        is_due
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
        self.quota.read(app);
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
