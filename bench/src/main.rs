//! `wxbench`: what a login costs, and what it would cost otherwise.

mod check;
mod cli;
mod compare;
mod exact;
mod flame;
mod footprint;
mod growth;
mod guests;
mod instructions;
mod load;
mod measurement;
mod meter;
mod open_data;
mod payment;
mod postgres;
mod programs;
mod report;
mod responder;
mod scenario;
mod scripts;
mod tls;
mod wechat;

use clap::Parser;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    cli::Cli::parse().run().await
}
