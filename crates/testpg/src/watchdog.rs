//! The watchdog: ends a server some seconds after the last process that used it has ended.
//!
//! A server's home holds a folder `clients` with a file for each process that uses it, named by
//! its pid. Their files need no removal: a pid without a process does not count. Before the
//! watchdog ends a server it writes `stopping` and looks once more; who registers looks for
//! `stopping` afterwards. So at least one of the two sees the other.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Context;

use crate::engine::Engine;

const SCRIPT: &str = r#"
alive() {
    found=1
    for file in "$home"/clients/*; do
        [ -e "$file" ] || continue
        if kill -0 "${file##*/}" 2>/dev/null; then found=0; else rm -f "$file"; fi
    done
    return $found
}
while :; do
    idle=0
    while [ $idle -lt 3 ]; do
        sleep 1
        [ -d "$home" ] || exit 0
        if alive; then idle=0; else idle=$((idle + 1)); fi
    done
    : > "$home/stopping"
    alive || break
    rm -f "$home/stopping"
done
"#;

/// Says that this process uses the server of `home`. `false` if the watchdog is ending it.
pub(crate) fn register(home: &Path) -> anyhow::Result<bool> {
    let clients = home.join("clients");
    fs::create_dir_all(&clients)?;
    fs::write(clients.join(std::process::id().to_string()), "")?;
    Ok(!home.join("stopping").exists())
}

/// Starts the watchdog of the server of `home`, out of reach of what ends the tests.
pub(crate) fn spawn(home: &Path, engine: &Engine) -> anyhow::Result<()> {
    let script = format!("{SCRIPT}{}rm -rf \"$home\"", engine.end_script());
    Command::new("sh")
        .args(["-c", &script])
        .env("home", home)
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .map(drop)
        .context("the watchdog of the test server does not start")
}
