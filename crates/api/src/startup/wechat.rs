//! The adapters that call WeChat.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use domain::app::{App, AppDirectory};
use domain::id::{AppId, OpenPlatform};
use domain::ports::Clock;
use persistence::Database;
use tokio::runtime::Handle;
use wxclient::security::ApiSecurity;
use wxclient::token::SharedTokens;
use wxclient::{AppClient, AppSecret, CallObserver, ClientOptions, Policy, WechatClient};

use crate::settings::{self, Settings};

pub(super) fn wechat_client(
    settings: &Settings,
    runtime: &Handle,
    observer: Option<Arc<dyn CallObserver>>,
) -> anyhow::Result<WechatClient> {
    let wechat = &settings.wechat;
    let options = ClientOptions {
        base_url: wechat.base_url.as_ref().map(|url| url.0.clone()),
        proxy: None,
        policy: Policy {
            connect_timeout: Duration::from_millis(wechat.connect_timeout_ms.into()),
            timeout: Duration::from_millis(wechat.timeout_ms.into()),
            max_concurrency: wechat.max_concurrency as usize,
        },
        observer,
        runtime: Some(runtime.clone()),
    };
    options.build().context("wechat.base_url")
}

/// The configured apps, once for those who may know their secrets and once for the others.
pub(super) struct AppList {
    pub(super) directory: AppDirectory,
    pub(super) secrets: Vec<wxclient::App>,
}

impl AppList {
    pub(super) fn of(settings: &Settings) -> anyhow::Result<Self> {
        let mut apps = settings.apps.iter().map(|app| App {
            id: AppId::new(app.app_id.as_str()),
            open_platform: app.open_platform.as_deref().map(OpenPlatform::new),
        });
        let first = apps.next().context("no app is configured")?;
        let secrets = settings.apps.iter().map(wechat_app);
        Ok(Self {
            directory: AppDirectory::new(first, apps.collect()),
            secrets: secrets.collect(),
        })
    }
}

/// A client for each app, for the calls that need its access_token, which replicas share.
pub(super) fn app_clients(
    settings: &Settings,
    wechat: &WechatClient,
    database: &Database,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Vec<AppClient>> {
    let shared = SharedTokens {
        repository: Arc::new(database.wechat_tokens()),
        clock: clock.clone(),
    };
    let client = |app: &settings::App| {
        let client = AppClient::new(wechat.clone(), wechat_app(app)).sharing(shared.clone());
        let Some(security) = &app.api_security else {
            return Ok(client);
        };
        let app_id = AppId::new(app.app_id.as_str());
        let security = ApiSecurity::new(app_id, security, clock.clone())
            .with_context(|| format!("api_security of app {}", app.app_id))?;
        Ok(client.secured(security))
    };
    settings.apps.iter().map(client).collect()
}

fn wechat_app(app: &settings::App) -> wxclient::App {
    let secret = match app.app_secrets() {
        [first, second, ..] => AppSecret::new(first.expose()).or(second.expose()),
        [first] => AppSecret::new(first.expose()),
        [] => AppSecret::new(""),
    };
    wxclient::App {
        app_id: AppId::new(app.app_id.as_str()),
        secret,
    }
}
