//! A load generator that costs next to nothing: on two cores, what it takes is missing elsewhere.
//!
//! It runs on one thread, writes requests that are put together beforehand, and reads no more of
//! an answer than its status and its length. Only answers that arrive within the window are
//! counted; what comes before it warms everybody up.

mod connection;
mod pace;
mod tally;

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use tokio::task::JoinSet;
use tokio::time::Instant;

pub(crate) use connection::{Connection, get, post, post_with};
pub(crate) use pace::Pace;
pub(crate) use tally::Tally;

/// What one connection asks, again and again.
pub(crate) trait Script: Send + 'static {
    /// Writes the next request.
    fn ask(&mut self, request: &mut Vec<u8>);

    /// Sees the body of its answer, whose status was 200.
    ///
    /// # Errors
    /// If it is not what was asked for.
    fn answered(&mut self, _body: &[u8]) -> anyhow::Result<()> {
        Ok(())
    }
}

/// When the answers count.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(crate) warm_up: Duration,
    pub(crate) measured: Duration,
}

/// Runs each script on a connection of its own to `address`. `at_start` and `at_end` are called
/// when the window opens and closes.
///
/// # Errors
/// If a connection breaks, or an answer is not 200: a load in which something fails measures
/// nothing.
pub(crate) async fn run<S: Script>(
    address: SocketAddr,
    scripts: Vec<S>,
    pace: Pace,
    window: Window,
    mut at_start: impl FnMut(),
    mut at_end: impl FnMut(),
) -> anyhow::Result<Tally> {
    let opens = Instant::now() + window.warm_up;
    let closes = opens + window.measured;
    let count = scripts.len();
    let mut tasks = JoinSet::new();
    for (index, script) in scripts.into_iter().enumerate() {
        let rhythm = pace.of(index, count);
        tasks.spawn(one(address, script, rhythm, opens, closes));
    }
    tokio::time::sleep_until(opens).await;
    at_start();
    tokio::time::sleep_until(closes).await;
    at_end();
    let mut total = Tally::new(window.measured)?;
    while let Some(tally) = tasks.join_next().await {
        total.add(&tally.context("the load generator failed")??)?;
    }
    Ok(total)
}

async fn one(
    address: SocketAddr,
    mut script: impl Script,
    mut rhythm: pace::Rhythm,
    opens: Instant,
    closes: Instant,
) -> anyhow::Result<Tally> {
    let mut connection = Connection::open(address).await?;
    let mut tally = Tally::new(closes - opens)?;
    let mut request = Vec::new();
    loop {
        let due = rhythm.next().await;
        if due >= closes {
            return Ok(tally);
        }
        request.clear();
        script.ask(&mut request);
        let body = connection.exchange(&request).await?;
        script.answered(body)?;
        let now = Instant::now();
        if now >= opens && now < closes {
            tally.count(now - due)?;
        }
    }
}
