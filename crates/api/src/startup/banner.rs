//! What a person sees at the start: where things are, and a curl that logs in.

use std::fmt::Write;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

/// What the banner tells.
#[derive(Debug, Clone)]
pub struct Banner {
    /// Where mini programs reach us.
    pub service: SocketAddr,
    /// Where the orchestrator finds health and metrics.
    pub ops: SocketAddr,
    /// The database, without a password.
    pub database: String,
    /// In sandbox mode, the sandbox's base URL.
    pub sandbox: Option<String>,
}

/// A user of the built-in sandbox.
const USER: &str = "alice";

impl Banner {
    /// The text, a few lines.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let service = self.service;
        // Writing into a String cannot fail.
        let _ = write!(
            text,
            "wxlogin {version} serves on http://{service}, health and metrics on http://{ops}\n\
             database: {database}\n",
            version = env!("CARGO_PKG_VERSION"),
            ops = self.ops,
            database = self.database,
        );
        if let Some(wechat) = &self.sandbox {
            let _ = write!(
                text,
                "no app is configured, so a built-in WeChat sandbox plays WeChat and the phones: {wechat}\n\
                 see a login, step by step, in a browser: {wechat}/\n\
                 log in as {USER}, again and again, with:\n\n  {curl}\n\n",
                curl = curl(from_here(service), wechat),
            );
        }
        text
    }
}

/// The address to ask on this machine, if the service may listen on all (`0.0.0.0`).
pub(crate) fn from_here(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

/// One line for a shell: the phone gets a code from WeChat, the mini program logs in with it.
fn curl(service: SocketAddr, wechat: &str) -> String {
    format!(
        "curl -s -H 'Content-Type: application/json' \
         -d '{{\"platCode\":\"'\"$(curl -s '{wechat}/phone/{USER}/login?format=text')\"'\"}}' \
         http://{service}/user/wxlogin"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_curl_can_be_run_although_the_service_listens_everywhere() {
        let banner = |service: &str| Banner {
            service: service.parse().unwrap(),
            ops: "127.0.0.1:5001".parse().unwrap(),
            database: String::from("sqlite://wxlogin.db"),
            sandbox: Some(String::from("http://127.0.0.1:5002")),
        };
        for (listens, asked) in [
            ("0.0.0.0:5000", "http://127.0.0.1:5000/user/wxlogin"),
            ("[::]:5000", "http://[::1]:5000/user/wxlogin"),
            ("192.0.2.7:5000", "http://192.0.2.7:5000/user/wxlogin"),
        ] {
            let text = banner(listens).text();
            assert!(text.contains(asked), "{text}");
        }
    }
}
