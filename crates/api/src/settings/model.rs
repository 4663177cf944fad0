//! The settings and their defaults, one struct a section.

use domain::ports::SigningAlgorithm;
use ipnet::IpNet;
use serde::Deserialize;

use super::app::App;
use super::value::{CorsHeader, CorsOrigin, HttpUrl, Listen, Secret, algorithm, names, network};

/// All settings.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The HTTP listeners.
    pub server: Server,
    /// Where users are kept.
    pub database: Database,
    /// The keys that seal what is stored, each 32 bytes in base64: the first seals, all open.
    pub master_key: Vec<Secret>,
    /// How WeChat is called.
    pub wechat: Wechat,
    /// The mini programs. Empty: the built-in sandbox with its own.
    pub apps: Vec<App>,
    /// The built-in WeChat to develop against.
    pub sandbox: Sandbox,
    /// Our own tokens.
    pub tokens: Tokens,
    /// WeChat's open data.
    pub open_data: OpenData,
    /// What one caller, and all together, may ask for.
    pub limits: Limits,
    /// Access for other backends and the operator.
    pub admin: Admin,
    /// The pictures that users upload.
    pub avatars: Avatars,
    /// Logging.
    pub log: Log,
}

/// `server.*`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Server {
    /// Where mini programs reach us.
    pub listen: Listen,
    /// Where the orchestrator finds health and metrics. Not for the public.
    pub ops_listen: Listen,
    /// Worker threads; by default as many as there are cores.
    pub workers: Option<u32>,
    /// The longest request body, bytes.
    pub max_body_bytes: u32,
    /// How long requests under way may take to finish after SIGTERM, ms.
    pub shutdown_timeout_ms: u32,
    /// Proxies whose `X-Forwarded-For` is believed.
    #[serde(deserialize_with = "network::list")]
    pub trusted_proxies: Vec<IpNet>,
    /// Web origins whose pages may call us.
    pub cors_allowed_origins: Vec<CorsOrigin>,
    /// Request headers that those pages may send.
    pub cors_allowed_headers: Vec<CorsHeader>,
}

/// `database.*`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Database {
    /// `sqlite://…` or `postgres://…`. A secret, because it may hold a password.
    pub url: Secret,
    /// Connections of a replica at most, those that write logins included.
    pub pool_size: u32,
    /// How long a request waits for a connection, ms.
    pub acquire_timeout_ms: u32,
    /// How long a call to the database may take, opening a connection included, ms.
    pub timeout_ms: u32,
    /// Whether starting brings the schema up to date.
    pub migrate_on_start: bool,
}

impl Database {
    /// Whether it is a SQLite file.
    #[must_use]
    pub fn is_sqlite(&self) -> bool {
        self.url.expose().starts_with("sqlite:")
    }

    /// Where it is, for people: without user, password and parameters.
    #[must_use]
    pub fn shown(&self) -> String {
        let url = self.url.expose();
        if self.is_sqlite() {
            return url.to_owned();
        }
        let without_parameters = url.split('?').next().unwrap_or_default();
        let place = without_parameters.rsplit('@').next().unwrap_or_default();
        format!(
            "postgres://{}",
            place
                .trim_start_matches("postgres://")
                .trim_start_matches("postgresql://")
        )
    }
}

/// `wechat.*`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Wechat {
    /// WeChat's server API. By default WeChat's own; in sandbox mode the sandbox.
    pub base_url: Option<HttpUrl>,
    /// How long connecting may take, ms.
    pub connect_timeout_ms: u32,
    /// How long a whole call may take, with its repeats, ms.
    pub timeout_ms: u32,
    /// Calls under way at once.
    pub max_concurrency: u32,
    /// Whether the service runs on WeChat's cloud hosting (微信云托管) with its public access
    /// closed, so that the `X-WX-…` headers of its gateway are believed.
    pub cloud_hosting: bool,
}

/// `sandbox.*`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sandbox {
    /// Where the built-in WeChat listens.
    pub listen: Listen,
    /// Whether, in sandbox mode, others than this machine may reach the service.
    pub allow_remote: bool,
}

/// `tokens.*`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tokens {
    /// The tokens' `iss`.
    pub issuer: String,
    /// How long an access token is good for, s.
    pub access_ttl_s: u32,
    /// How long a refresh token is good for, s.
    pub refresh_ttl_s: u32,
    /// How long after the first use of its successor a refresh token is still taken, s; 0 for not
    /// at all.
    pub reuse_grace_s: u32,
    /// What access tokens are signed with.
    #[serde(deserialize_with = "algorithm::of_name")]
    pub algorithm: SigningAlgorithm,
    /// The access tokens' `aud`: none, one or several.
    #[serde(deserialize_with = "names::one_or_several")]
    pub audience: Vec<String>,
}

/// `open_data.*`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OpenData {
    /// The oldest watermark that is accepted, s; 0 for any.
    pub max_age_s: u32,
}

/// `limits.*`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Logins of one address in a minute; 0 for no limit.
    pub login_per_minute_per_ip: u32,
    /// Requests under way at once; one more is answered 503.
    pub max_inflight: u32,
    /// Live sessions of a user; one more ends the oldest. 0 for any number.
    pub sessions_per_user: u32,
    /// Phone numbers looked up at WeChat for one user on one day; 0 for any number.
    pub phone_lookups_per_day: u32,
}

/// `admin.*`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Admin {
    /// Keys of other backends and the operator. None: those endpoints answer 404.
    pub api_keys: Vec<ApiKey>,
}

/// One of `admin.api_keys`: a bare key, or a named one with scopes.
#[derive(Debug, Clone)]
pub struct ApiKey {
    /// Who uses it, for the audit log.
    pub name: Option<String>,
    /// The key.
    pub key: Secret,
    /// What it may do; `None` for everything but [`Scope::Sign`], which must be named.
    pub scopes: Option<Vec<Scope>>,
}

impl ApiKey {
    /// Its name in the audit log. `index` is its place in the list, from 0.
    #[must_use]
    pub fn shown_name(&self, index: usize) -> String {
        let name = self.name.clone();
        name.unwrap_or_else(|| format!("key-{}", index + 1))
    }
}

/// What an API key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Look users up.
    Read,
    /// Change users and sessions.
    Write,
    /// Introspect tokens.
    Introspect,
    /// Take WeChat's access_token.
    WechatToken,
    /// Have texts signed with a user's session_key. A bare key may not.
    Sign,
}

/// `avatars.*`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Avatars {
    /// Where they are kept: `file://FOLDER`, or `s3://BUCKET/PREFIX` with the `AWS_*` variables.
    pub url: String,
    /// The address below which others read them. By default this service's own `/avatars`.
    pub public_url: Option<HttpUrl>,
    /// The longest file that is taken, bytes.
    pub max_bytes: u32,
}

impl Default for Avatars {
    fn default() -> Self {
        Self {
            url: String::from("file://data/avatars"),
            public_url: None,
            max_bytes: 1 << 20,
        }
    }
}

/// `log.*`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// By default pretty on a terminal and JSON elsewhere.
    pub format: Option<LogFormat>,
}

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Pretty,
    /// For machines, an object a line.
    Json,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: Listen::loopback(5000),
            ops_listen: Listen::loopback(9090),
            workers: None,
            max_body_bytes: 65_536,
            shutdown_timeout_ms: 15_000,
            trusted_proxies: Vec::new(),
            cors_allowed_origins: Vec::new(),
            cors_allowed_headers: CorsHeader::usual(),
        }
    }
}

impl Default for Database {
    fn default() -> Self {
        Self {
            url: Secret::new("sqlite://data/wxlogin.db"),
            pool_size: 16,
            acquire_timeout_ms: 2_000,
            timeout_ms: 5_000,
            migrate_on_start: true,
        }
    }
}

impl Default for Wechat {
    fn default() -> Self {
        Self {
            base_url: None,
            connect_timeout_ms: 2_000,
            timeout_ms: 5_000,
            max_concurrency: 256,
            cloud_hosting: false,
        }
    }
}

impl Default for Sandbox {
    fn default() -> Self {
        Self {
            listen: Listen::loopback(5001),
            allow_remote: false,
        }
    }
}

impl Default for Tokens {
    fn default() -> Self {
        Self {
            issuer: String::from("wxlogin"),
            algorithm: SigningAlgorithm::default(),
            audience: Vec::new(),
            access_ttl_s: 900,
            refresh_ttl_s: 2_592_000,
            reuse_grace_s: 10,
        }
    }
}

impl Default for OpenData {
    fn default() -> Self {
        Self { max_age_s: 300 }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            login_per_minute_per_ip: 60,
            max_inflight: 1_024,
            sessions_per_user: 100,
            phone_lookups_per_day: 5,
        }
    }
}
