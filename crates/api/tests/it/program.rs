//! The program `wxlogin`, run by a test.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A `wxlogin serve` in a folder of its own. Killed when dropped.
pub(crate) struct Program {
    child: Child,
    /// Everything it printed before it was ready.
    banner: String,
}

pub(crate) fn command(folder: &TempDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wxlogin"));
    command
        .current_dir(folder.path())
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default());
    for listener in ["SERVER__LISTEN", "SERVER__OPS_LISTEN", "SANDBOX__LISTEN"] {
        command.env(format!("WXLOGIN_{listener}"), "127.0.0.1:0");
    }
    command
}

/// `program` under limits of the shell.
pub(crate) fn limited(folder: &TempDir, limit: &str) -> Command {
    let program = command(folder);
    let mut shell = Command::new("sh");
    let script = format!("ulimit {limit}; exec \"$0\"");
    shell
        .args(["-c", &script])
        .arg(program.get_program())
        .current_dir(folder.path())
        .env_clear();
    for (name, value) in program.get_envs() {
        shell.env(name, value.unwrap_or_default());
    }
    shell
        .env("WXLOGIN_WECHAT__MAX_CONCURRENCY", "8")
        .env("WXLOGIN_DATABASE__POOL_SIZE", "2");
    shell
}

impl Program {
    /// Starts it, and does not wait for its banner.
    pub(crate) fn spawn(mut command: Command) -> Self {
        let child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let banner = String::new();
        Self { child, banner }
    }

    /// Starts it and reads its banner up to the last line it prints at the start.
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut banner = String::new();
        while !banner.contains("database: ") {
            assert_ne!(
                lines.read_line(&mut banner).unwrap(),
                0,
                "it ended: {}",
                rest_of(&mut child)
            );
        }
        if banner.contains("database: ")
            && !command
                .get_envs()
                .any(|(name, _)| name == "WXLOGIN_APP_ID" || name == "WXLOGIN_APPS")
        {
            while !banner.contains("/user/wxlogin") {
                assert_ne!(lines.read_line(&mut banner).unwrap(), 0, "{banner}");
            }
        }
        Self { child, banner }
    }

    /// The command the banner prints, run by a shell as somebody would who pastes it.
    pub(crate) fn paste(&self) -> Value {
        let curl = self
            .banner
            .lines()
            .map(str::trim)
            .find(|line| line.starts_with("curl "))
            .unwrap();
        let output = Command::new("sh").args(["-c", curl]).output().unwrap();
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| unreachable!("{output:?}"))
    }

    pub(crate) fn address_after(&self, words: &str) -> String {
        let (_, rest) = self.banner.split_once(words).unwrap();
        rest.split([',', '\n', ' ']).next().unwrap().to_owned()
    }

    pub(crate) fn terminate(&self) {
        self.signal("TERM");
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args([&format!("-{name}"), &pid])
                .status()
                .unwrap()
                .success()
        );
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends without a chance to say goodbye.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Its log, for the caller to read or not.
    pub(crate) fn stderr(&mut self) -> ChildStderr {
        self.child.stderr.take().unwrap()
    }

    /// Waits for its end and reads nothing.
    pub(crate) fn wait_unread(mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    pub(crate) fn wait(mut self) -> (ExitStatus, String) {
        let log = rest_of(&mut self.child);
        (self.child.wait().unwrap(), log)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn rest_of(child: &mut Child) -> String {
    let mut text = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    text
}
