//! `wxlogin openapi`: the document that the service has at `/openapi.json`.

use super::print::print;
use crate::http;

pub(super) fn run() -> anyhow::Result<()> {
    Ok(print(http::openapi_text())?)
}
