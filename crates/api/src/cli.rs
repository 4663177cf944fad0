//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// The login backend for WeChat Mini Programs.
///
/// Without a command it serves. Without any settings it serves on 127.0.0.1:5000 with a SQLite
/// file and a built-in WeChat to develop against, and prints a curl that logs in.
#[derive(Parser, Debug)]
#[command(name = "wxlogin", version)]
pub struct Cli {
    /// The settings file (TOML); every setting can come from the environment too, as
    /// `WXLOGIN_SERVER__LISTEN` for `server.listen`.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What the program can do.
#[derive(Subcommand, Debug, Default, Clone)]
pub enum Command {
    /// Run the service (what happens without a command).
    #[default]
    Serve,
    /// Bring the database to the newest schema and exit.
    Migrate,
    /// Try the settings, the database, the clock and each app's AppSecret, and say what to do.
    Check,
    /// Copy the SQLite database to a new file while the service runs, and examine the copy.
    Backup {
        /// The file to make. One that is there is kept.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Replace the key that signs tokens, or seal stored secrets under a new master key.
    Keys {
        /// What to do with the keys.
        #[command(subcommand)]
        command: KeysCommand,
    },
    /// Print the OpenAPI document of the service.
    Openapi,
    /// Say what an error means: one of WeChat's codes (40163) or our ids (code_invalid).
    Explain {
        /// The code or id.
        #[arg(allow_hyphen_values = true)]
        error: String,
    },
}

/// What can be done with the keys. Services may go on running.
#[derive(Subcommand, Debug, Clone)]
pub enum KeysCommand {
    /// Make a new signing key. No session ends.
    Rotate,
    /// Seal every stored secret under the first of the master keys.
    Rewrap,
    /// After the loss of the master key: give up what it sealed, and go on with another. Everybody logs
    /// in again, and bans of users who were deleted do not hold any more.
    Reset {
        /// Says that the master key is lost for good.
        #[arg(long, required = true)]
        everything_sealed_is_lost: bool,
    },
}
