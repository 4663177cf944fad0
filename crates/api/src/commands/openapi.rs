//! `wxlogin openapi`: the document that the service has at `/openapi.json`.

use std::io::Write;

use crate::http;

pub(super) fn run() -> anyhow::Result<()> {
    std::io::stdout().write_all(http::openapi_text().as_bytes())?;
    Ok(())
}
