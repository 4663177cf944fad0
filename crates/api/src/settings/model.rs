//! The settings and their defaults, one struct a section.

use domain::ports::SigningAlgorithm;
use ipnet::IpNet;
use persistence::DatabaseKind;
use serde::Deserialize;
use wxclient::security::ApiSecurityKeys;

use super::value::{
    CorsHeader, CorsOrigin, HttpUrl, Listen, Secret, TargetUrl, algorithm, names, networks,
};

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

/// Declares sections: each setting once, with its default.
macro_rules! sections {
    ($($(#[$doc:meta])* $section:ident {
        $($(#[$attribute:meta])* $setting:ident: $kind:ty = $default:expr,)+
    })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct $section {
            $($(#[$attribute])* pub $setting: $kind,)+
        }

        impl Default for $section {
            fn default() -> Self {
                Self {
                    $($setting: $default,)+
                }
            }
        }
    )+};
}

sections! {
    /// `server.*`
    Server {
        /// Where mini programs reach us.
        listen: Listen = Listen::loopback(5000),
        /// Where the orchestrator finds health and metrics. Not for the public.
        ops_listen: Listen = Listen::loopback(9090),
        /// Worker threads; by default as many as there are cores.
        workers: Option<u32> = None,
        /// The longest request body, bytes.
        max_body_bytes: u32 = 65_536,
        /// How long requests under way may take to finish after SIGTERM, ms.
        shutdown_timeout_ms: u32 = 15_000,
        /// Proxies whose `X-Forwarded-For` is believed.
        #[serde(deserialize_with = "networks")]
        trusted_proxies: Vec<IpNet> = Vec::new(),
        /// Web origins whose pages may call us.
        cors_allowed_origins: Vec<CorsOrigin> = Vec::new(),
        /// Request headers that those pages may send.
        cors_allowed_headers: Vec<CorsHeader> = CorsHeader::usual(),
    }

    /// `database.*`
    Database {
        /// `sqlite://…` or `postgres://…`. A secret, because it may hold a password.
        url: Secret = Secret::new("sqlite://data/wxlogin.db"),
        /// Connections of a replica at most, those that write logins included.
        pool_size: u32 = 16,
        /// How long a request waits for a connection, ms.
        acquire_timeout_ms: u32 = 2_000,
        /// How long a call to the database may take, opening a connection included, ms.
        timeout_ms: u32 = 5_000,
        /// Whether starting brings the schema up to date.
        migrate_on_start: bool = true,
    }

    /// `wechat.*`
    Wechat {
        /// WeChat's server API. By default WeChat's own; in sandbox mode the sandbox.
        base_url: Option<HttpUrl> = None,
        /// How long connecting may take, ms.
        connect_timeout_ms: u32 = 2_000,
        /// How long a whole call may take, with its repeats, ms.
        timeout_ms: u32 = 5_000,
        /// Calls under way at once.
        max_concurrency: u32 = 256,
        /// Whether the service runs on WeChat's cloud hosting (微信云托管) with its public access
        /// closed, so that the `X-WX-…` headers of its gateway are believed.
        cloud_hosting: bool = false,
    }

    /// `sandbox.*`
    Sandbox {
        /// Where the built-in WeChat listens.
        listen: Listen = Listen::loopback(5001),
        /// Whether, in sandbox mode, others than this machine may reach the service.
        allow_remote: bool = false,
    }

    /// `tokens.*`
    Tokens {
        /// The tokens' `iss`.
        issuer: String = String::from("wxlogin"),
        /// How long an access token is good for, s.
        access_ttl_s: u32 = 900,
        /// How long a refresh token is good for, s.
        refresh_ttl_s: u32 = 2_592_000,
        /// How long after the first use of its successor a refresh token is still taken, s; 0 for not
        /// at all.
        reuse_grace_s: u32 = 10,
        /// What access tokens are signed with.
        #[serde(deserialize_with = "algorithm")]
        algorithm: SigningAlgorithm = SigningAlgorithm::default(),
        /// The access tokens' `aud`: none, one or several.
        #[serde(deserialize_with = "names")]
        audience: Vec<String> = Vec::new(),
    }

    /// `open_data.*`
    OpenData {
        /// The oldest watermark that is accepted, s; 0 for any.
        max_age_s: u32 = 300,
    }

    /// `limits.*`
    Limits {
        /// Logins of one address in a minute; 0 for no limit.
        login_per_minute_per_ip: u32 = 60,
        /// Requests under way at once; one more is answered 503.
        max_inflight: u32 = 1_024,
        /// Live sessions of a user; one more ends the oldest. 0 for any number.
        sessions_per_user: u32 = 100,
        /// Phone numbers looked up at WeChat for one user on one day; 0 for any number.
        phone_lookups_per_day: u32 = 5,
    }

    /// `avatars.*`
    Avatars {
        /// Where they are kept: `file://FOLDER`, or `s3://BUCKET/PREFIX` with the `AWS_*` variables.
        url: String = String::from("file://data/avatars"),
        /// The address below which others read them. By default this service's own `/avatars`.
        public_url: Option<HttpUrl> = None,
        /// The longest file that is taken, bytes.
        max_bytes: u32 = 1 << 20,
    }

    /// `admin.*`
    Admin {
        /// Keys of other backends and the operator. None: those endpoints answer 404.
        api_keys: Vec<ApiKey> = Vec::new(),
    }

    /// `log.*`
    Log {
        /// By default pretty on a terminal and JSON elsewhere.
        format: Option<LogFormat> = None,
    }
}

impl Database {
    /// Which of the two kinds it is; `None` if it is neither, with which no service starts.
    pub fn kind(&self) -> Option<DatabaseKind<'_>> {
        DatabaseKind::of(self.url.expose())
    }

    /// Whether it is a SQLite file.
    pub fn is_sqlite(&self) -> bool {
        matches!(self.kind(), Some(DatabaseKind::Sqlite(_)))
    }

    /// Where it is, for people: without user, password and parameters.
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

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Pretty,
    /// For machines, an object a line.
    Json,
}

/// One of `apps`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct App {
    /// The AppID.
    pub app_id: String,
    /// The AppSecret.
    #[serde(default)]
    pub secret: Secret,
    /// Instead of `secret`, two of them: the second is presented when WeChat refuses the first, as
    /// after a reset in the console.
    #[serde(default)]
    pub secrets: Vec<Secret>,
    /// What the operator calls it.
    pub name: Option<String>,
    /// The Open Platform account it is bound to. Apps with the same one share users by unionid.
    pub open_platform: Option<String>,
    /// Token of message push.
    pub push_token: Option<Secret>,
    /// EncodingAESKey of message push in safe mode, 43 characters.
    pub push_aes_key: Option<Secret>,
    /// Where messages that WeChat pushes go; the first rule that matches counts.
    #[serde(default)]
    pub push_relay: Vec<PushRule>,
    /// The keys of API signing and encryption (服务端 API 签名与加密), if it is switched on for the
    /// app in WeChat's console.
    pub api_security: Option<ApiSecurityKeys>,
}

impl App {
    /// The AppSecrets, the one to present first in front.
    pub(crate) fn app_secrets(&self) -> &[Secret] {
        if self.secrets.is_empty() {
            std::slice::from_ref(&self.secret)
        } else {
            &self.secrets
        }
    }
}

/// One of `apps[].push_relay`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PushRule {
    /// Names of events; `msg:` and the MsgType for a message that is none; `*` at an end for any end.
    pub events: Vec<String>,
    /// Where they are posted.
    pub url: TargetUrl,
    /// The secret of Standard Webhooks that the target shares: `whsec_` and base64.
    pub secret: Secret,
}
