//! The parts that `wxlogin check` tries: those of the service, put together without serving.

use std::sync::Arc;

use domain::ports::StoreClock;
use persistence::Database;
use tokio::runtime::Handle;
use wxclient::WechatClient;
use wxsandbox::RunningSandbox;

use super::{AppList, master_key, open_database, start_sandbox, wechat_client, with_sandbox};
use crate::settings::{Listen, Settings};

/// The parts, and the settings they came from.
pub(crate) struct Checkup {
    /// With the sandbox in WeChat's place, if no app is configured.
    pub(crate) settings: Settings,
    pub(crate) database: Database,
    pub(crate) database_clock: Arc<dyn StoreClock>,
    pub(crate) wechat: WechatClient,
    pub(crate) apps: Vec<wxclient::App>,
    pub(crate) sandbox: Option<RunningSandbox>,
}

impl Checkup {
    pub(crate) fn new(mut settings: Settings) -> anyhow::Result<Self> {
        // The service may be running, with its own sandbox.
        settings.sandbox.listen = Listen::loopback(0);
        let sandbox = start_sandbox(&settings, None)?;
        let settings = with_sandbox(settings, sandbox.as_ref())?;
        let master_keys = master_key::load(&settings)?;
        let database = open_database(&settings, &master_keys)?;
        Ok(Self {
            database_clock: Arc::new(database.clock()),
            database,
            wechat: wechat_client(&settings, &Handle::current(), None)?,
            apps: AppList::of(&settings)?.secrets,
            sandbox,
            settings,
        })
    }
}
