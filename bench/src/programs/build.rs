//! The binaries that are measured, built as they are shipped.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::ensure;

/// Where the binaries are.
#[derive(Clone, Debug)]
pub(crate) struct Binaries {
    pub(crate) wxlogin: PathBuf,
    /// Another build of it, which is compared with it.
    pub(crate) against: Option<PathBuf>,
    pub(crate) yardstick: PathBuf,
    pub(crate) wxbench: PathBuf,
}

impl Binaries {
    /// Where cargo puts them.
    ///
    /// # Errors
    /// If this program does not know where it is.
    pub(crate) fn locate() -> anyhow::Result<Self> {
        Ok(Self {
            wxlogin: binary(&service_manifest(), "wxlogin"),
            against: None,
            yardstick: binary(&yardstick_manifest(), "yardstick"),
            wxbench: std::env::current_exe()?,
        })
    }

    /// Builds the service, if it has changed.
    ///
    /// # Errors
    /// If it does not build.
    pub(crate) fn build_service() -> anyhow::Result<()> {
        cargo_build(&service_manifest(), &["--package", "api"])
    }

    /// Builds the service with names and frame pointers, for a profiler, and says where it is.
    ///
    /// # Errors
    /// If it does not build.
    pub(crate) fn build_for_profiling() -> anyhow::Result<PathBuf> {
        let manifest = service_manifest();
        let mut cargo = Command::new(env!("CARGO"));
        cargo
            .args(["build", "--profile", "profiling", "--locked"])
            .args(["--package", "api", "--manifest-path"])
            .arg(&manifest)
            .env("RUSTFLAGS", "-C force-frame-pointers=yes");
        run(&mut cargo)?;
        Ok(target(&manifest).join("profiling").join("wxlogin"))
    }

    /// Builds what the service is compared with, if it has changed.
    ///
    /// # Errors
    /// If it does not build.
    pub(crate) fn build_yardstick() -> anyhow::Result<()> {
        cargo_build(&yardstick_manifest(), &[])
    }
}

fn service_manifest() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml")
}

fn yardstick_manifest() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("yardstick/Cargo.toml")
}

fn cargo_build(manifest: &Path, arguments: &[&str]) -> anyhow::Result<()> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .args(["build", "--release", "--locked", "--manifest-path"])
        .arg(manifest)
        .args(arguments);
    run(&mut cargo)
}

fn run(cargo: &mut Command) -> anyhow::Result<()> {
    ensure!(cargo.status()?.success(), "cargo build failed");
    Ok(())
}

fn binary(manifest: &Path, name: &str) -> PathBuf {
    target(manifest).join("release").join(name)
}

fn target(manifest: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(
        || manifest.parent().unwrap_or(manifest).join("target"),
        PathBuf::from,
    )
}
