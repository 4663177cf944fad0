//! The command line.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, ensure};
use clap::{Args, Parser, Subcommand};
use tempfile::TempDir;

use crate::compare::{Effort, compare};
use crate::load::Window;
use crate::postgres::Postgres;
use crate::programs::Binaries;
use crate::scenario::{SCENARIOS, Scenario};
use crate::{flame, footprint, growth, instructions, payment, responder, tls, wechat};

/// Measures wxlogin beside what it is compared with, in one run on this machine.
///
/// Builds the release binaries, starts a PostgreSQL of its own with durable commits, a WeChat that
/// takes every code, and the programs in turn; prints tables in Markdown. Quote the ratios, not the
/// absolutes: everything shares this machine. Do nothing else on it meanwhile.
#[derive(Parser)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Everything: the comparisons, the footprint, payments, the growth (about an hour)
    All {
        #[command(flatten)]
        other: Other,
        #[command(flatten)]
        measure: Measure,
    },
    /// The comparisons, or those you name
    Compare {
        /// Which: login-256, login-32, login-far, quiet, login-sqlite, data-256, data-32, data-far,
        /// data-sqlite, data-tls, first, me, verify, refresh-256, refresh-32
        names: Vec<String>,
        #[command(flatten)]
        other: Other,
        #[command(flatten)]
        measure: Measure,
    },
    /// How soon the service is ready, and its memory at rest
    Footprint {
        #[command(flatten)]
        other: Other,
        #[command(flatten)]
        place: Place,
    },
    /// Logins with more and more users in the table
    Growth {
        /// How many users
        #[arg(long, value_delimiter = ',', default_value = "10000,1000000,10000000")]
        users: Vec<u64>,
        #[command(flatten)]
        measure: Measure,
    },
    /// Signatures with the session_key beside refreshes, and what the push relay adds to a message,
    /// on both databases
    Payment(Measure),
    /// A flame graph of the service under the load of a comparison, into NAME.svg (Linux)
    Flame {
        /// Which: login-256, me …
        names: Vec<String>,
        /// Where the pictures go
        #[arg(long, default_value = "docs/performance")]
        output: PathBuf,
        #[command(flatten)]
        place: Place,
    },
    /// Instructions per request, counted by valgrind, against the ledger in instructions.toml
    Instructions {
        /// Write the ledger instead of comparing with it
        #[arg(long)]
        update: bool,
    },
    /// Serve the WeChat of the measurements: it takes every code
    Wechat {
        #[arg(long, default_value = "127.0.0.1:5002")]
        listen: SocketAddr,
        /// Serve over TLS, with a certificate of a new CA whose own certificate is written to this file
        #[arg(long, value_name = "FILE")]
        tls_ca: Option<PathBuf>,
        /// How long an answer takes, ms
        #[arg(long, default_value_t = 0)]
        latency_ms: u64,
    },
    /// Serve the target of relayed messages
    Target {
        #[arg(long, default_value = "127.0.0.1:5003")]
        listen: SocketAddr,
        /// How long an answer takes, ms
        #[arg(long, default_value_t = 0)]
        latency_ms: u64,
    },
}

#[derive(Args)]
struct Place {
    /// Where the databases are for the time being; the user postgres must be able to enter it
    #[arg(long, default_value_os_t = std::env::temp_dir())]
    folder: PathBuf,
    /// Take the release binaries as they are, without building
    #[arg(long)]
    as_built: bool,
}

#[derive(Args)]
struct Other {
    /// Another build of the service, older or newer, which is measured in turn with this one
    #[arg(long, value_name = "PATH/TO/wxlogin")]
    against: Option<PathBuf>,
}

#[derive(Args)]
struct Measure {
    /// How often each is measured; the tables show medians
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// How long a measurement takes, s
    #[arg(long, default_value_t = 8.0)]
    seconds: f64,
    /// How long the load lasts before that, s
    #[arg(long, default_value_t = 3.0)]
    warm_up: f64,
    #[command(flatten)]
    place: Place,
}

impl Cli {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        match self.command {
            Command::All { other, measure } => {
                let (effort, sizes) = (measure.effort(), [10_000, 1_000_000, 10_000_000]);
                let bench = Bench::build(&measure.place)?.with(other)?;
                bench.compare(&SCENARIOS, effort).await?;
                bench.footprint().await?;
                bench.payment(effort).await?;
                bench.grow(&sizes, effort).await
            }
            Command::Compare {
                names,
                other,
                measure,
            } => {
                let scenarios = named(&names)?;
                let bench = Bench::build(&measure.place)?.with(other)?;
                bench.compare(&scenarios, measure.effort()).await
            }
            Command::Footprint { other, place } => {
                Bench::build(&place)?.with(other)?.footprint().await
            }
            Command::Growth { users, measure } => {
                let bench = Bench::build(&measure.place)?;
                bench.grow(&users, measure.effort()).await
            }
            Command::Payment(measure) => {
                let bench = Bench::build(&measure.place)?;
                bench.payment(measure.effort()).await
            }
            Command::Flame {
                names,
                output,
                place,
            } => {
                let profiled = Binaries::build_for_profiling()?;
                let mut bench = Bench::start(&place)?;
                bench.binaries.wxlogin = profiled;
                for scenario in named(&names)? {
                    let picture = output.join(format!("{}.svg", scenario.name));
                    bench.draw(&scenario, &picture).await?;
                }
                Ok(())
            }
            Command::Instructions { update } => instructions::count(update).await,
            Command::Wechat {
                listen,
                tls_ca,
                latency_ms,
            } => {
                let tls = tls_ca.map(|ca| tls::acceptor(&ca)).transpose()?;
                let latency = Duration::from_millis(latency_ms);
                responder::serve(listen, tls, latency, wechat::answer).await
            }
            Command::Target { listen, latency_ms } => {
                let latency = Duration::from_millis(latency_ms);
                responder::serve(listen, None, latency, payment::take).await
            }
        }
    }
}

impl Measure {
    fn effort(&self) -> Effort {
        Effort {
            rounds: self.rounds,
            window: Window {
                warm_up: Duration::from_secs_f64(self.warm_up),
                measured: Duration::from_secs_f64(self.seconds),
            },
        }
    }
}

/// What all measurements need.
struct Bench {
    binaries: Binaries,
    postgres: Postgres,
    home: TempDir,
}

impl Bench {
    fn build(place: &Place) -> anyhow::Result<Self> {
        if !place.as_built {
            Binaries::build_service()?;
            Binaries::build_yardstick()?;
        }
        Self::start(place)
    }

    fn start(place: &Place) -> anyhow::Result<Self> {
        Ok(Self {
            binaries: Binaries::locate()?,
            postgres: Postgres::start(&place.folder)?,
            home: tempfile::tempdir_in(&place.folder)?,
        })
    }

    /// Measures another build, too.
    fn with(mut self, other: Other) -> anyhow::Result<Self> {
        let whole = |path: PathBuf| {
            // The measured programs run in a folder of their own.
            path.canonicalize()
                .with_context(|| format!("there is no program {}", path.display()))
        };
        self.binaries.against = other.against.map(whole).transpose()?;
        Ok(self)
    }

    async fn compare(&self, scenarios: &[Scenario], effort: Effort) -> anyhow::Result<()> {
        compare(
            &self.binaries,
            &self.postgres,
            &self.home,
            scenarios,
            effort,
        )
        .await
    }

    async fn draw(&self, scenario: &Scenario, picture: &Path) -> anyhow::Result<()> {
        flame::draw(
            &self.binaries,
            &self.postgres,
            &self.home,
            scenario,
            picture,
        )
        .await
    }

    async fn footprint(&self) -> anyhow::Result<()> {
        footprint::print(&self.binaries, &self.postgres, &self.home).await
    }

    async fn payment(&self, effort: Effort) -> anyhow::Result<()> {
        payment::print(&self.binaries, &self.postgres, &self.home, effort).await
    }

    async fn grow(&self, sizes: &[u64], effort: Effort) -> anyhow::Result<()> {
        growth::grow(&self.binaries, &self.postgres, &self.home, sizes, effort).await
    }
}

/// The scenarios of these names; all if there are none.
fn named(names: &[String]) -> anyhow::Result<Vec<Scenario>> {
    for name in names {
        ensure!(
            SCENARIOS.iter().any(|scenario| scenario.name == name),
            "there is no scenario {name}; --help lists them"
        );
    }
    let is_asked_for =
        |scenario: &&Scenario| names.is_empty() || names.iter().any(|name| name == scenario.name);
    Ok(SCENARIOS.iter().filter(is_asked_for).copied().collect())
}
