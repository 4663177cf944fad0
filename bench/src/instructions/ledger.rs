//! What a request may cost.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

use anyhow::Context;

/// By how much a count may exceed the ledger's, percent: compilers, C libraries and processors
/// (which paths the cryptography takes) differ a little.
const ALLOWED: u64 = 10;

const HEAD: &str = "\
# Instructions per request (profile `profiling`, on SQLite, one at a time), by callgrind.
# `cargo run -p wxbench -- instructions` compares; `--update` writes this file.
";

/// Instructions by request.
#[derive(Debug, Default)]
pub(super) struct Ledger(BTreeMap<String, u64>);

impl Ledger {
    pub(super) fn set(&mut self, name: &str, instructions: u64) {
        self.0.insert(name.to_owned(), instructions);
    }

    /// Reads what is in the repository.
    pub(super) fn read() -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path())?;
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let mut ledger = Self::default();
        for line in lines.filter(|line| !line.trim().is_empty()) {
            let (name, count) = line.split_once('=').context("a line without =")?;
            ledger.set(name.trim(), count.trim().replace('_', "").parse()?);
        }
        Ok(ledger)
    }

    /// Writes it into the repository.
    pub(super) fn write(&self) -> anyhow::Result<()> {
        let mut text = String::from(HEAD);
        for (name, count) in &self.0 {
            // Writing into a String cannot fail.
            let _ = writeln!(text, "{name} = {count}");
        }
        Ok(std::fs::write(path(), text)?)
    }

    /// A sentence for each count that exceeds this ledger's, or is missing here.
    pub(super) fn compare(&self, counted: &Self) -> Vec<String> {
        let worse = counted.0.iter().filter_map(|(name, count)| {
            let allowed = self
                .0
                .get(name)
                .map_or(0, |known| known + known * ALLOWED / 100);
            (*count > allowed).then(|| format!("{name}: {count} instructions, {allowed} allowed"))
        });
        worse.collect()
    }
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("instructions.toml")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger(count: u64) -> Ledger {
        let mut ledger = Ledger::default();
        ledger.set("login", count);
        ledger
    }

    #[test]
    fn a_tenth_more_is_let_pass_and_not_more() {
        assert!(ledger(1_000).compare(&ledger(1_100)).is_empty());
        assert_eq!(ledger(1_000).compare(&ledger(1_101)).len(), 1);
    }

    #[test]
    fn what_the_ledger_does_not_know_is_named() {
        assert_eq!(Ledger::default().compare(&ledger(1)).len(), 1);
    }
}
