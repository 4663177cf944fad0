//! Instructions per request, counted by valgrind's callgrind.
//!
//! Instructions do not depend on what else the machine does, so that a slip shows where times are
//! noise. The real program, as built for profiling, runs under callgrind, twice, with more
//! requests the second time; the difference, divided by how many more there were, is what one
//! costs, start and end left out.
//! Requests come one after the other: each login is a batch of one, the dearest kind.

mod ledger;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, bail};
use tempfile::TempDir;

use crate::load::{Connection, Script};
use crate::programs::{
    Binaries, Program, Store, Transport, Wechat, configure, free_address, is_ready,
};
use crate::scenario::Ask;
use crate::scripts::{LogIn, Refresh, Show, log_in};
use ledger::Ledger;

/// How many requests the two runs have.
const FEW: u64 = 500;
const MANY: u64 = 1_500;

/// What is counted. The database is SQLite, which is in the process and so counted with it.
const COUNTED: [(&str, Ask); 5] = [
    ("login", Ask::Login),
    ("login_with_data", Ask::LoginWithData),
    ("me", Ask::Me),
    ("verify", Ask::Verify),
    ("refresh", Ask::Refresh),
];

/// Counts, and compares with the ledger, or writes it.
///
/// # Errors
/// If there is no valgrind, or a request needs more instructions than the recorded count allows.
pub(crate) async fn count(update: bool) -> anyhow::Result<()> {
    let found = Command::new("valgrind").arg("--version").output();
    found.context("this needs valgrind (Debian: `apt install valgrind`)")?;
    let mut binaries = Binaries::locate()?;
    binaries.wxlogin = Binaries::build_for_profiling()?;
    let mut counted = Ledger::default();
    for (name, ask) in COUNTED {
        let (few, many) = (
            total(&binaries, ask, FEW).await?,
            total(&binaries, ask, MANY).await?,
        );
        let each = many.saturating_sub(few) / (MANY - FEW);
        eprintln!("{name}: {each} instructions");
        counted.set(name, each);
    }
    if update {
        return counted.write();
    }
    let worse = Ledger::read()?.compare(&counted);
    if worse.is_empty() {
        return Ok(());
    }
    bail!(
        "requests need more instructions:\n{}\nIf this is intended, `wxbench instructions --update` writes the new counts.",
        worse.join("\n")
    )
}

/// The instructions of a run with so many requests.
async fn total(binaries: &Binaries, ask: Ask, requests: u64) -> anyhow::Result<u64> {
    let home = tempfile::tempdir()?;
    let wechat = Wechat::start(binaries, home.path(), Duration::ZERO, Transport::Http)?;
    let output = home.path().join("callgrind.out");
    let mut program = start_counted(binaries, &home, &wechat, &output)?;
    let mut connection = Connection::open(program.address).await?;
    let guests = ask.guests(16);
    let mut tokens = log_in(&mut connection, &guests, 0, 1).await?;
    let tokens = tokens.pop().context("a login without tokens")?;
    match ask {
        Ask::Login | Ask::LoginWithData | Ask::FirstLogin => {
            repeat(&mut connection, LogIn::new(&guests, 1), requests).await?;
        }
        Ask::Refresh => {
            let token = tokens.refresh;
            repeat(&mut connection, Refresh { token }, requests).await?;
        }
        Ask::Me | Ask::Verify => {
            let path = if ask == Ask::Me {
                "/user/me"
            } else {
                "/auth/verify"
            };
            let token = tokens.access;
            repeat(&mut connection, Show { path, token }, requests).await?;
        }
    }
    drop(connection);
    let pid = program.pid().to_string();
    Command::new("kill").args(["-TERM", &pid]).status()?;
    program.wait()?;
    totals(&std::fs::read_to_string(&output)?)
}

async fn repeat(
    connection: &mut Connection,
    mut script: impl Script,
    requests: u64,
) -> anyhow::Result<()> {
    let mut request = Vec::new();
    for _ in 0..requests {
        request.clear();
        script.ask(&mut request);
        let body = connection.exchange(&request).await?;
        script.answered(body)?;
    }
    Ok(())
}

fn start_counted(
    binaries: &Binaries,
    home: &TempDir,
    wechat: &Wechat,
    output: &Path,
) -> anyhow::Result<Program> {
    let (address, ops) = (free_address()?, free_address()?);
    let url = format!("sqlite://{}", home.path().join("counted.db").display());
    let mut command = Command::new("valgrind");
    command
        .arg("--tool=callgrind")
        .arg(format!("--callgrind-out-file={}", output.display()))
        .arg(&binaries.wxlogin)
        .env("WXLOGIN_SERVER__WORKERS", "1");
    configure(
        &mut command,
        home.path(),
        &Store { url },
        wechat,
        address,
        ops,
    );
    Program::start(
        &mut command,
        address,
        &home.path().join("service.log"),
        || is_ready(ops),
    )
}

/// The sum callgrind writes at the end.
fn totals(output: &str) -> anyhow::Result<u64> {
    let line = output
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix("totals: "));
    let line = line.context("callgrind has written no totals")?;
    Ok(line.trim().parse()?)
}
