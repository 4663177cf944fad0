//! The login service as one writes it in an afternoon with axum, sqlx and reqwest, and a bare echo.
//! What wxlogin is measured against; see the README for what is left out.

mod echo;
mod open_data;
mod serve;
mod store;
mod tokens;
mod wechat;

use std::net::SocketAddr;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve logins with axum, sqlx and reqwest.
    Serve(serve::Options),
    /// Answer /echo with actix-web and do nothing else: the floor of any HTTP answer.
    Echo {
        /// Where to listen; port 0 takes a free one.
        #[arg(long, env = "YARDSTICK_LISTEN", default_value = "127.0.0.1:0")]
        listen: SocketAddr,
    },
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Serve(options) => tokio::runtime::Runtime::new()?.block_on(serve::run(options)),
        Command::Echo { listen } => echo::run(listen),
    }
}
