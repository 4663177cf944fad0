//! The binaries that are measured, built as they are shipped.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::ensure;

/// Where the binaries are.
#[derive(Clone, Debug)]
pub(crate) struct Binaries {
    pub(crate) wxlogin: PathBuf,
    pub(crate) yardstick: PathBuf,
    pub(crate) wxbench: PathBuf,
}

impl Binaries {
    /// Builds those that have changed.
    ///
    /// # Errors
    /// If one does not build.
    pub(crate) fn build() -> anyhow::Result<Self> {
        let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.toml");
        let yardstick = Path::new(env!("CARGO_MANIFEST_DIR")).join("yardstick/Cargo.toml");
        cargo_build(&ours, &["--package", "api"])?;
        cargo_build(&yardstick, &[])?;
        Ok(Self {
            wxlogin: binary(&ours, "wxlogin"),
            yardstick: binary(&yardstick, "yardstick"),
            wxbench: std::env::current_exe()?,
        })
    }

    /// Builds the service alone.
    ///
    /// # Errors
    /// If it does not build.
    pub(crate) fn build_service() -> anyhow::Result<Self> {
        let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.toml");
        cargo_build(&ours, &["--package", "api"])?;
        Ok(Self {
            wxlogin: binary(&ours, "wxlogin"),
            yardstick: PathBuf::new(),
            wxbench: std::env::current_exe()?,
        })
    }
}

fn cargo_build(manifest: &Path, arguments: &[&str]) -> anyhow::Result<()> {
    let status = Command::new(env!("CARGO"))
        .args(["build", "--release", "--locked", "--manifest-path"])
        .arg(manifest)
        .args(arguments)
        .status()?;
    ensure!(status.success(), "cargo build failed");
    Ok(())
}

fn binary(manifest: &Path, name: &str) -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(
        || manifest.parent().unwrap_or(manifest).join("target"),
        PathBuf::from,
    );
    target.join("release").join(name)
}
