//! `wxlogin migrate`

use std::path::Path;

use super::print::print;
use crate::settings::Settings;
use crate::{startup, telemetry};

pub(super) fn run(config: Option<&Path>) -> anyhow::Result<()> {
    let settings = Settings::load(config)?;
    let _log = telemetry::init(settings.log.format)?;
    actix_web::rt::System::new().block_on(startup::migrate(&settings))?;
    Ok(print("the database has the newest schema\n")?)
}
