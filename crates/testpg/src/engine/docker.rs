//! PostgreSQL in a container, where there is only Docker.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use diesel::{Connection, PgConnection};

use super::Durability;

/// Removes the container, running or not.
pub(super) const END_SCRIPT: &str = r#"
docker rm -f "$(cat "$home/container")" >/dev/null 2>&1
"#;

/// The image the server runs from.
#[derive(Clone, Debug)]
pub(crate) struct Docker(String);

impl Docker {
    pub(super) fn find() -> Option<Self> {
        let image = std::env::var("TEST_POSTGRES_IMAGE");
        let docker = Self(image.unwrap_or_else(|_| "postgres:17-alpine".to_owned()));
        docker_says(&["version"]).is_ok().then_some(docker)
    }

    pub(super) fn name(&self) -> String {
        format!("docker {}", self.0)
    }

    pub(super) fn kill(home: &Path) -> anyhow::Result<()> {
        docker_says(&["kill", &container(home)?]).map(drop)
    }

    pub(super) fn freeze(home: &Path, is_to_go_on: bool) -> anyhow::Result<()> {
        let verb = if is_to_go_on { "unpause" } else { "pause" };
        docker_says(&[verb, &container(home)?]).map(drop)
    }

    pub(super) fn stop(home: &Path) -> anyhow::Result<()> {
        docker_says(&["stop", &container(home)?]).map(drop)
    }

    pub(super) fn prepare(
        &self,
        home: &Path,
        port: u16,
        durability: Durability,
    ) -> anyhow::Result<()> {
        let fsync = match durability {
            Durability::Real => "fsync=on",
            Durability::None => "fsync=off",
        };
        let publish = format!("127.0.0.1:{port}:5432");
        let id = docker_says(&[
            "create",
            "--publish",
            &publish,
            "--env",
            "POSTGRES_HOST_AUTH_METHOD=trust",
            &self.0,
            "-c",
            fsync,
            "-c",
            "max_connections=200",
        ])?;
        fs::write(home.join("container"), id.trim()).context("the container's name")
    }

    pub(super) fn start(home: &Path, port: u16) -> anyhow::Result<()> {
        docker_says(&["start", &container(home)?])?;
        let url = crate::server::url_of(port);
        let deadline = Instant::now() + Duration::from_mins(1);
        loop {
            match PgConnection::establish(&url) {
                Ok(_) => return Ok(()),
                Err(error) if Instant::now() > deadline => {
                    return Err(error).context("PostgreSQL's container does not come up");
                }
                Err(_) => std::thread::park_timeout(Duration::from_millis(50)),
            }
        }
    }
}

fn container(home: &Path) -> anyhow::Result<String> {
    fs::read_to_string(home.join("container")).context("the container's name")
}

fn docker_says(arguments: &[&str]) -> anyhow::Result<String> {
    let output = Command::new("docker").args(arguments).output()?;
    ensure!(
        output.status.success(),
        "docker: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8(output.stdout)?)
}
