//! The comparisons: each scenario on each program in turn, several rounds, and their medians.

use tempfile::TempDir;
use testpg::TestDatabase;

use crate::load::Window;
use crate::measurement::Cost;
use crate::postgres::Postgres;
use crate::programs::{Binaries, Service, Store, Transport, Wechat};
use crate::report;
use crate::scenario::Scenario;

/// How long a measurement takes, and how often it is repeated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    pub(crate) rounds: usize,
    pub(crate) window: Window,
}

/// The costs of a program in a scenario, one for each round.
pub(crate) struct Costs {
    pub(crate) name: &'static str,
    pub(crate) rounds: Vec<Cost>,
}

/// Runs `scenarios` and prints a table of each.
///
/// # Errors
/// If something does not start, or an answer is not 200.
pub(crate) async fn compare(
    binaries: &Binaries,
    postgres: &Postgres,
    home: &TempDir,
    scenarios: &[Scenario],
    effort: Effort,
) -> anyhow::Result<()> {
    for scenario in scenarios {
        let costs = Comparison::new(binaries, postgres, home, scenario)?
            .run(effort)
            .await?;
        print(scenario, &costs);
    }
    Ok(())
}

fn print(scenario: &Scenario, costs: &[Costs]) {
    let row = |service: Service| {
        let mut names = costs.iter().map(|costs| costs.name);
        names.position(|name| name == service.name())
    };
    let measure = row(Service::Yardstick).unwrap_or(0);
    println!("{}", report::comparison(scenario.title, costs, measure));
    for other in [Service::WxloginAgainst, Service::WxloginOverHttp] {
        let other = row(other).and_then(|row| costs.get(row));
        if let (Some(ours), Some(other)) = (costs.first(), other) {
            println!("{}\n", report::ratios(ours, other));
        }
    }
}

struct Comparison<'a> {
    binaries: &'a Binaries,
    postgres: &'a Postgres,
    home: &'a TempDir,
    scenario: &'a Scenario,
    wechat: Wechat,
    /// A second one, over plain HTTP, for the service that is compared with itself over TLS.
    plain: Option<Wechat>,
    /// Each program has a database of its own, which it keeps from round to round.
    stores: Vec<(Service, Store, Option<TestDatabase>)>,
}

impl<'a> Comparison<'a> {
    fn new(
        binaries: &'a Binaries,
        postgres: &'a Postgres,
        home: &'a TempDir,
        scenario: &'a Scenario,
    ) -> anyhow::Result<Self> {
        let mut services = scenario.services.to_vec();
        if binaries.against.is_some() {
            services.insert(1, Service::WxloginAgainst);
        }
        let mut stores = Vec::new();
        for service in services {
            let name = format!("{}-{service:?}", scenario.name);
            let (store, database) = scenario.database.store(postgres, home, &name)?;
            stores.push((service, store, database));
        }
        let has_plain = scenario.services.contains(&Service::WxloginOverHttp);
        let wechat =
            |transport| Wechat::start(binaries, home.path(), scenario.wechat_latency, transport);
        Ok(Self {
            binaries,
            postgres,
            home,
            scenario,
            wechat: wechat(scenario.transport)?,
            plain: has_plain.then(|| wechat(Transport::Http)).transpose()?,
            stores,
        })
    }

    async fn run(&self, effort: Effort) -> anyhow::Result<Vec<Costs>> {
        let mut costs: Vec<_> = self
            .stores
            .iter()
            .map(|(service, ..)| Costs {
                name: service.name(),
                rounds: Vec::new(),
            })
            .collect();
        for round in 1..=effort.rounds {
            for ((service, store, _), costs) in self.stores.iter().zip(&mut costs) {
                let cost = self.measure(*service, store, effort.window, round).await?;
                eprintln!(
                    "{}, round {round}, {}: {:.0}/s",
                    self.scenario.name,
                    service.name(),
                    cost.tally.rate()
                );
                costs.rounds.push(cost);
            }
        }
        Ok(costs)
    }

    async fn measure(
        &self,
        service: Service,
        store: &Store,
        window: Window,
        round: usize,
    ) -> anyhow::Result<Cost> {
        let wechat = match &self.plain {
            Some(plain) if service == Service::WxloginOverHttp => plain,
            _ => &self.wechat,
        };
        let program = service.start(self.binaries, self.home.path(), store, wechat)?;
        let database = self.scenario.database.meter(self.postgres)?;
        // What the one before left to be written is written while this one warms up.
        let run = u32::try_from(round)?;
        self.scenario
            .put_on(service, &program, database, window, run)
            .await
    }
}
