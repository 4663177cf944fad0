//! What an adapter knows of each app.

use std::collections::HashMap;

use domain::id::AppId;
use domain::ports::{WechatApiError, WechatFailure};

#[derive(Debug)]
pub(crate) struct Apps<T>(HashMap<AppId, T>);

impl<T> Apps<T> {
    pub(crate) fn new(apps: impl IntoIterator<Item = T>, id: impl Fn(&T) -> &AppId) -> Self {
        let apps = apps.into_iter().map(|app| (id(&app).clone(), app));
        Self(apps.collect())
    }

    pub(crate) fn get(&self, id: &AppId) -> Result<&T, NoSecret> {
        self.0.get(id).ok_or_else(|| NoSecret(id.clone()))
    }
}

/// An app without an AppSecret.
#[derive(Debug, thiserror::Error)]
#[error("no AppSecret is known for app {0}; add the app to the settings")]
pub(crate) struct NoSecret(AppId);

impl From<NoSecret> for WechatApiError {
    fn from(cause: NoSecret) -> Self {
        Self {
            failure: WechatFailure::Misconfigured,
            spends_code: false,
            retry_after: None,
            cause: Box::new(cause),
        }
    }
}
