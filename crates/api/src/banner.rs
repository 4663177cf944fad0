//! What a person sees at the start: where things are, and a curl that logs in.

use std::fmt::Write;
use std::net::SocketAddr;

/// What the banner tells.
#[derive(Debug, Clone)]
pub struct Banner {
    /// Where mini programs reach us.
    pub service: SocketAddr,
    /// Where the orchestrator finds health and metrics.
    pub ops: SocketAddr,
    /// The database, without a password.
    pub database: String,
    /// In sandbox mode, the sandbox's base URL and a user of it.
    pub sandbox: Option<(String, String)>,
}

impl Banner {
    /// The text, a few lines.
    #[must_use]
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
        if let Some((wechat, user)) = &self.sandbox {
            let _ = write!(
                text,
                "no app is configured, so a built-in WeChat sandbox plays WeChat and the phones: {wechat}\n\
                 log in as {user}, again and again, with:\n\n  {curl}\n\n",
                curl = curl(service, wechat, user),
            );
        }
        text
    }
}

/// One line for a shell: the phone gets a code from WeChat, the mini program logs in with it.
fn curl(service: SocketAddr, wechat: &str, user: &str) -> String {
    format!(
        "curl -s -H 'Content-Type: application/json' \
         -d '{{\"platCode\":\"'\"$(curl -s '{wechat}/phone/{user}/login?format=text')\"'\"}}' \
         http://{service}/user/wxlogin"
    )
}
