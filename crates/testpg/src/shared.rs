//! The server that all test processes share.

use std::fs::{self, File};
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use anyhow::anyhow;
use diesel::{Connection, PgConnection};

use crate::engine::{Durability, Engine};
use crate::server::{Server, base};
use crate::watchdog;

/// The URL of the shared server, which is started if it does not run yet.
pub(crate) fn server_url() -> anyhow::Result<String> {
    static URL: OnceLock<Result<String, String>> = OnceLock::new();
    URL.get_or_init(|| find_or_start().map_err(|error| format!("{error:#}")))
        .clone()
        .map_err(|text| anyhow!(text))
}

fn find_or_start() -> anyhow::Result<String> {
    if let Ok(url) = std::env::var("TEST_DATABASE_URL") {
        return Ok(url);
    }
    let engine = Engine::find()?;
    let base = base(&engine)?;
    // One process at a time looks and starts; the lock goes with the file, at the latest with
    // the process.
    let lock = File::create(base.join("lock"))?;
    lock.lock()?;
    let current = base.join("current");
    if let Some(url) = running(&current)? {
        return Ok(url);
    }
    let server = Server::prepare(engine.clone(), &base, Durability::None)?;
    watchdog::register(server.home())?;
    watchdog::spawn(server.home(), &engine)?;
    server.start()?;
    // From here on it belongs to the watchdog.
    let server = ManuallyDrop::new(server);
    fs::write(
        &current,
        format!("{}\n{}", server.url(), server.home().display()),
    )?;
    Ok(server.url())
}

/// The URL of the server that `current` speaks of, if it runs and will go on.
fn running(current: &Path) -> anyhow::Result<Option<String>> {
    let Ok(text) = fs::read_to_string(current) else {
        return Ok(None);
    };
    let Some((url, home)) = text.split_once('\n') else {
        return Ok(None);
    };
    let home = PathBuf::from(home);
    let is_up = home.is_dir() && watchdog::register(&home)? && PgConnection::establish(url).is_ok();
    Ok(is_up.then(|| url.to_owned()))
}
