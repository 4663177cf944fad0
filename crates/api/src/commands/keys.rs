//! `wxlogin keys`: the keys that sign tokens, and the keys that seal what is stored.

use std::path::Path;

use persistence::{GivenUp, RewrapProgress};

use super::{print, settings_and_log};
use crate::cli::KeysCommand;
use crate::startup;

const DONE: &str = "all stored secrets are sealed under the first master key; the other master \
                    keys can be taken out of the settings\n";

const LOST: &str = "open under none of the master keys: add the key they were sealed with to \
                    master_key and do it again";

pub(super) fn run(config: Option<&Path>, command: &KeysCommand) -> anyhow::Result<()> {
    let (settings, _log) = settings_and_log(config)?;
    actix_web::rt::System::new().block_on(async {
        match command {
            KeysCommand::Rotate => {
                startup::rotate_keys(&settings).await?;
                print(
                    "there is a new signing key; running services use it within a minute, and the old one \
                     verifies until its tokens are dead\n",
                )?;
            }
            KeysCommand::Rewrap => {
                let tell = |so_far: RewrapProgress| eprintln!("{} rows looked at", so_far.rows);
                let done = startup::rewrap(&settings, tell).await?;
                print(&format!("{} secrets sealed anew\n", done.rewrapped))?;
                anyhow::ensure!(done.lost == 0, "{} secrets {LOST}", done.lost);
                print(DONE)?;
            }
            KeysCommand::Reset { .. } => {
                let GivenUp {
                    signing_keys,
                    wechat_tokens,
                    identity_hash_key,
                } = startup::reset_keys(&settings).await?;
                let bans = if identity_hash_key {
                    ", and the key of bans (bans of deleted users do not hold any more; ban them again)"
                } else {
                    ""
                };
                print(&format!(
                    "given up: {signing_keys} signing keys, {wechat_tokens} access_tokens of WeChat's{bans}\n\
                     running services with this master_key turn ready within seconds\n"
                ))?;
            }
        }
        Ok(())
    })
}
