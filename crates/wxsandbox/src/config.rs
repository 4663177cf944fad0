//! What a sandbox is started with: seed, clock, apps, users and WeChat's adjustable rules.

mod app;
mod check;
mod cloud;
mod component;
mod demo;
mod file;
mod payment;
mod policy;
mod push;
mod secret;
mod security;
mod user;

use serde::{Deserialize, Serialize};
use url::Url;

pub use self::app::{ApiLimit, AppConfig, ResourcePack};
pub use self::check::ConfigError;
pub use self::cloud::CloudConfig;
pub use self::component::ComponentConfig;
pub use self::demo::DEFAULT_SEED;
pub use self::payment::{Goods, VirtualPaymentConfig};
pub use self::policy::Policy;
pub use self::push::{PushConfig, PushFormat, PushMode};
pub use self::security::ApiSecurityConfig;
pub use self::user::{Gender, PhoneNumber, Profile, UserConfig};
use crate::clock::Moment;

/// Everything a sandbox is started with.
///
/// The default is the demo: two apps of one Open Platform account and the users `alice`, `bob` and
/// `carol`, the same at every start.
#[derive(Clone, Debug)]
pub struct SandboxConfig {
    /// Ids are derived from the seed, so the same seed gives the same openid for a user and an app
    /// at every start. With a fixed clock codes and keys repeat too.
    pub seed: u64,
    /// Where the clock starts.
    pub clock: ClockStart,
    /// Threads that answer HTTP requests.
    pub workers: usize,
    /// Whether `/sandbox/…` (users, apps, faults, clock) is served.
    pub control: bool,
    /// Whether others than this machine are served: listening on any address, requests under any
    /// host's name, and calls (push, pre-fetch, cloud containers) to any host. Without it a page in the
    /// developer's browser, or another machine, could read the secrets and send requests from here.
    pub allow_remote: bool,
    /// The backend that the page at `/` logs in to, such as `http://127.0.0.1:5000`. Without it the page asks.
    pub service: Option<Url>,
    /// The Mini Programs that exist.
    pub apps: Vec<AppConfig>,
    /// The third-party platforms that exist.
    pub components: Vec<ComponentConfig>,
    /// The WeChat users that exist.
    pub users: Vec<UserConfig>,
    /// WeChat's adjustable rules.
    pub policy: Policy,
}

impl Default for SandboxConfig {
    fn default() -> Self {
        Self::seeded(DEFAULT_SEED)
    }
}

impl SandboxConfig {
    /// The apps one can log in to, each with its `app_id` and `secret`.
    pub fn apps(&self) -> &[AppConfig] {
        &self.apps
    }
}

/// Where the sandbox's clock starts. It can be moved later in both cases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockStart {
    /// At the system's time, and running.
    #[default]
    System,
    /// At a moment (milliseconds since the Unix epoch), and standing: a run can be replayed.
    Fixed(Moment),
}
