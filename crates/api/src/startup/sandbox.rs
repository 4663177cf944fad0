//! The built-in WeChat in the real one's place.

use std::net::SocketAddr;

use secrecy::ExposeSecret;
use url::Url;
use wxsandbox::{RunningSandbox, Sandbox, SandboxConfig};

use super::banner::from_here;
use super::bind;
use crate::settings::{self, Secret, Settings};

/// Starts the built-in WeChat, if no app is configured. Its page logs in to `service`.
pub(super) fn start_sandbox(
    settings: &Settings,
    service: Option<SocketAddr>,
) -> anyhow::Result<Option<RunningSandbox>> {
    if !settings.apps.is_empty() {
        return Ok(None);
    }
    let listener = bind(settings.sandbox.listen)?;
    let url = |address| Url::parse(&format!("http://{}", from_here(address)));
    let config = SandboxConfig {
        service: service.map(url).transpose()?,
        allow_remote: settings.sandbox.allow_remote,
        ..SandboxConfig::default()
    };
    Ok(Some(Sandbox::start(config, listener)?))
}

/// The settings as they are with the sandbox in WeChat's place.
pub(super) fn with_sandbox(
    mut settings: Settings,
    sandbox: Option<&RunningSandbox>,
) -> anyhow::Result<Settings> {
    if let Some(sandbox) = sandbox {
        settings.wechat.base_url = Some(settings::HttpUrl(Url::parse(sandbox.base_url())?));
        let config = SandboxConfig::default();
        settings.apps = config.apps().iter().map(sandbox_app).collect();
    }
    Ok(settings)
}

fn sandbox_app(app: &wxsandbox::AppConfig) -> settings::App {
    settings::App {
        app_id: app.app_id.clone(),
        secret: Secret::new(app.secret.expose_secret()),
        name: Some(app.name.clone()),
        open_platform: app.open_platform.clone(),
        ..settings::App::default()
    }
}
