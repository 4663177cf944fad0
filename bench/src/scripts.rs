//! What the connections ask.

use std::sync::Arc;

use anyhow::Context;
use serde_json::Value;

use crate::guests::Guests;
use crate::load::{Connection, Script, get, post};

/// Logs in.
pub(crate) struct LogIn {
    guests: Arc<Guests>,
    run: u32,
}

impl LogIn {
    /// `run` distinguishes the codes of this run from those of others.
    pub(crate) fn new(guests: &Arc<Guests>, run: u32) -> Self {
        let guests = Arc::clone(guests);
        Self { guests, run }
    }
}

impl Script for LogIn {
    fn ask(&mut self, request: &mut Vec<u8>) {
        post(request, "/user/wxlogin", &self.guests.login(self.run));
    }
}

/// Asks WeChat itself, as the services do.
pub(crate) struct Exchange {
    pub(crate) guests: Arc<Guests>,
    pub(crate) run: u32,
}

impl Script for Exchange {
    fn ask(&mut self, request: &mut Vec<u8>) {
        let code = self.guests.code(self.run);
        let path = format!("/sns/jscode2session?js_code={code}");
        get(request, &path, "none");
    }
}

/// A GET with a token.
pub(crate) struct Show {
    pub(crate) path: &'static str,
    pub(crate) token: String,
}

impl Script for Show {
    fn ask(&mut self, request: &mut Vec<u8>) {
        get(request, self.path, &self.token);
    }
}

/// Refreshes a session, each time with the token the last answer gave.
pub(crate) struct Refresh {
    pub(crate) token: String,
}

impl Script for Refresh {
    fn ask(&mut self, request: &mut Vec<u8>) {
        let body = format!(r#"{{"refreshToken":"{}"}}"#, self.token);
        post(request, "/user/refresh", &body);
    }

    fn answered(&mut self, body: &[u8]) -> anyhow::Result<()> {
        let answer: Value = serde_json::from_slice(body)?;
        let token = answer.pointer("/data/refreshToken").and_then(Value::as_str);
        token
            .context("an answer without a refreshToken")?
            .clone_into(&mut self.token);
        Ok(())
    }
}

/// The tokens of a session, and whose it is.
pub(crate) struct Tokens {
    pub(crate) user: String,
    pub(crate) access: String,
    pub(crate) refresh: String,
}

/// Logs in `count` guests, one after the other.
///
/// # Errors
/// If a login fails.
pub(crate) async fn log_in(
    connection: &mut Connection,
    guests: &Arc<Guests>,
    run: u32,
    count: usize,
) -> anyhow::Result<Vec<Tokens>> {
    let mut script = LogIn::new(guests, run);
    let mut tokens = Vec::with_capacity(count);
    let mut request = Vec::new();
    while tokens.len() < count {
        request.clear();
        script.ask(&mut request);
        let body = connection.exchange(&request).await?;
        let answer: Value = serde_json::from_slice(body)?;
        let text = |field: &str| {
            let value = answer.pointer(field).and_then(Value::as_str);
            value
                .map(str::to_owned)
                .with_context(|| format!("an answer without {field}"))
        };
        tokens.push(Tokens {
            user: text("/data/userId")?,
            access: text("/data/token")?,
            refresh: text("/data/refreshToken")?,
        });
    }
    Ok(tokens)
}
