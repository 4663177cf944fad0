//! `wxlogin keys`: the keys that sign tokens, and the keys that seal what is stored.

use std::path::Path;

use crate::cli::KeysCommand;
use crate::settings::Settings;
use crate::startup;
use crate::telemetry;

pub(super) fn run(config: Option<&Path>, command: &KeysCommand) -> anyhow::Result<()> {
    let settings = Settings::load(config)?;
    telemetry::init(settings.log.format);
    actix_web::rt::System::new().block_on(async {
        match command {
            KeysCommand::Rotate => {
                startup::rotate_keys(&settings).await?;
                println!(
                    "there is a new signing key; running services use it within a minute, and the old one \
                     verifies until its tokens are dead"
                );
            }
        }
        Ok(())
    })
}
