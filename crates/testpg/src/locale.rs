//! A locale for servers that do not speak English.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};

/// Where a server's home has its own locales.
pub(crate) const FOLDER: &str = "locales";

/// Makes the locale `zh_CN.UTF-8` in a server's home, whether the system has it or not.
pub(crate) fn make_chinese(home: &Path) -> anyhow::Result<()> {
    let folder = home.join(FOLDER);
    fs::create_dir(&folder)?;
    let output = Command::new("localedef")
        .args(["--no-archive", "-i", "zh_CN", "-f", "UTF-8"])
        .arg(folder.join("zh_CN.UTF-8"))
        .output()
        .context("localedef is missing: install it (Debian: `apt install libc-bin locales`)")?;
    ensure!(
        folder.join("zh_CN.UTF-8/LC_MESSAGES").is_dir(),
        "the locale zh_CN.UTF-8 cannot be made (Debian: `apt install locales`): {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}
