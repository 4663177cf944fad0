//! The services that are compared, and the WeChat they ask.

use std::ffi::OsStr;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Context;

use super::{Binaries, Program, free_address};

/// The app everybody is configured with.
pub(crate) const APP_ID: &str = "wx0123456789abcdef";
/// Its secret, which the WeChat of the measurement does not look at.
pub(crate) const APP_SECRET: &str = "0123456789abcdef0123456789abcdef";
/// 32 bytes in base64.
const MASTER_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    /// Ours.
    Wxlogin,
    /// Another build of it.
    WxloginAgainst,
    /// Ours, with a WeChat over plain HTTP beside those over TLS.
    WxloginOverHttp,
    /// axum and sqlx, a transaction a login.
    Yardstick,
    /// The same with sqlx's default of a ping before each use of a connection.
    YardstickWithPings,
    /// The same with one statement a login.
    YardstickOneStatement,
    /// actix-web alone.
    Echo,
    /// WeChat alone: what a login waits for in any case.
    Wechat,
}

/// Where it keeps what it knows.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    /// `postgres://…` or `sqlite://…`
    pub(crate) url: String,
}

impl Service {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Wxlogin => "wxlogin",
            Self::WxloginAgainst => "wxlogin, against",
            Self::WxloginOverHttp => "wxlogin, WeChat over HTTP",
            Self::Yardstick => "axum + sqlx",
            Self::YardstickWithPings => "axum + sqlx, pinging",
            Self::YardstickOneStatement => "axum + sqlx, one CTE",
            Self::Echo => "bare actix-web echo",
            Self::Wechat => "WeChat alone",
        }
    }

    /// Starts it, in the folder `home`, to ask the given WeChat.
    ///
    /// # Errors
    /// If it does not come up.
    pub(crate) fn start(
        self,
        binaries: &Binaries,
        home: &Path,
        store: &Store,
        wechat: &Wechat,
    ) -> anyhow::Result<Program> {
        let address = free_address()?;
        let log = home.join(format!("{self:?}.log"));
        match self {
            Self::Wxlogin | Self::WxloginOverHttp => {
                start_wxlogin(&binaries.wxlogin, home, store, wechat, &[])
            }
            Self::WxloginAgainst => {
                let binary = binaries.against.as_ref();
                let binary = binary.context("there is no build to compare with")?;
                start_wxlogin(binary, home, store, wechat, &[])
            }
            Self::Yardstick | Self::YardstickWithPings | Self::YardstickOneStatement => {
                let mut command = Command::new(&binaries.yardstick);
                command.args(["serve", "--listen", &address.to_string()]);
                command.args(["--database-url", &store.url]);
                command.args(["--wechat-base-url", &wechat.url()]);
                command.envs(wechat.trust());
                command.args(["--app-id", APP_ID, "--app-secret", APP_SECRET]);
                command.args(match self {
                    Self::YardstickWithPings => Some("--ping"),
                    Self::YardstickOneStatement => Some("--one-statement"),
                    _ => None,
                });
                Program::start_listening(&mut command, address, &log)
            }
            Self::Echo => {
                let mut command = Command::new(&binaries.yardstick);
                command.args(["echo", "--listen", &address.to_string()]);
                Program::start_listening(&mut command, address, &log)
            }
            Self::Wechat => {
                Ok(Wechat::start(binaries, home, wechat.latency, Transport::Http)?.program)
            }
        }
    }
}

/// Starts a build of the service with `settings`, variables of the environment, besides its usual
/// ones.
///
/// # Errors
/// If it does not come up.
pub(crate) fn start_wxlogin(
    binary: &Path,
    home: &Path,
    store: &Store,
    wechat: &Wechat,
    settings: &[(&str, String)],
) -> anyhow::Result<Program> {
    let (address, ops) = (free_address()?, free_address()?);
    let mut command = Command::new(binary);
    configure(&mut command, home, store, wechat, address, ops);
    command.envs(settings.iter().map(|(name, value)| (name, value)));
    let log = home.join("Wxlogin.log");
    Program::start(&mut command, address, &log, || is_ready(ops))
}

/// Settings as in production, but for the limit on one address: all load comes from one. Only settings
/// that older builds know, too, so that `--against` can start them.
pub(crate) fn configure(
    command: &mut Command,
    home: &Path,
    store: &Store,
    wechat: &Wechat,
    address: SocketAddr,
    ops: SocketAddr,
) {
    command
        .current_dir(home)
        .env("DATABASE_URL", &store.url)
        .env("WXLOGIN_MASTER_KEY", MASTER_KEY)
        .env("WXLOGIN_APP_ID", APP_ID)
        .env("WXLOGIN_APP_SECRET", APP_SECRET)
        .env("WXLOGIN_WECHAT__BASE_URL", wechat.url())
        .envs(wechat.trust())
        .env("WXLOGIN_SERVER__LISTEN", address.to_string())
        .env("WXLOGIN_SERVER__OPS_LISTEN", ops.to_string())
        .env("WXLOGIN_LIMITS__LOGIN_PER_MINUTE_PER_IP", "0");
}

/// The WeChat that takes every code.
#[derive(Debug)]
pub(crate) struct Wechat {
    pub(crate) program: Program,
    latency: Duration,
    /// The certificate of the CA that a client must trust, over TLS.
    ca: Option<PathBuf>,
}

/// How WeChat is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    Http,
    Tls,
}

impl Wechat {
    /// Starts it; it answers after `latency`.
    ///
    /// # Errors
    /// If it does not come up.
    pub(crate) fn start(
        binaries: &Binaries,
        home: &Path,
        latency: Duration,
        transport: Transport,
    ) -> anyhow::Result<Self> {
        let ca = (transport == Transport::Tls).then(|| home.join("ca.pem"));
        let tls = ca
            .iter()
            .flat_map(|ca| [OsStr::new("--tls-ca"), ca.as_os_str()]);
        let tls: Vec<_> = tls.collect();
        let program = start_responder("wechat", binaries, home, latency, &tls)?;
        Ok(Self {
            program,
            latency,
            ca,
        })
    }

    /// Where it is.
    fn url(&self) -> String {
        let scheme = self.ca.as_ref().map_or("http", |_| "https");
        format!("{scheme}://{}", self.program.address)
    }

    /// The variable that makes a program trust its certificate.
    fn trust(&self) -> Option<(&'static str, &Path)> {
        self.ca.as_deref().map(|ca| ("SSL_CERT_FILE", ca))
    }
}

/// Starts what this program serves as `role`, `wechat` or `target`, with `arguments`; it answers after
/// `latency`.
///
/// # Errors
/// If it does not come up.
pub(crate) fn start_responder(
    role: &str,
    binaries: &Binaries,
    home: &Path,
    latency: Duration,
    arguments: &[&OsStr],
) -> anyhow::Result<Program> {
    let address = free_address()?;
    let mut command = Command::new(&binaries.wxbench);
    command.args([role, "--listen", &address.to_string()]);
    command.args(["--latency-ms", &latency.as_millis().to_string()]);
    command.args(arguments);
    let log = home.join(format!("{role}-{}.log", address.port()));
    Program::start_listening(&mut command, address, &log)
}

/// Whether the ops listener says so.
pub(crate) fn is_ready(ops: SocketAddr) -> bool {
    use std::io::{Read, Write};
    let ask = || -> std::io::Result<bool> {
        let mut stream = std::net::TcpStream::connect(ops)?;
        stream.write_all(
            b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer.starts_with("HTTP/1.1 200"))
    };
    ask().unwrap_or(false)
}
