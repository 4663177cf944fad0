//! A relayed push message, beside the same message sent to the target itself.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use wxcrypto::AppId;
use wxcrypto::push::{EncodingAesKey, PushToken, SafeMode};

use super::Site;
use super::scripts::{Deliver, Notice, Push};
use crate::compare::Costs;
use crate::load::Pace;
use crate::measurement::{Watched, measure};
use crate::programs::{
    APP_ID, APP_SECRET, Program, Transport, Wechat, start_responder, start_wxlogin,
};
use crate::report::{self, median};

/// How long the target takes.
const LATENCIES: [Duration; 2] = [Duration::ZERO, Duration::from_millis(20)];

/// Messages a second, over so many connections.
const RATE: f64 = 100.0;
const CONNECTIONS: usize = 16;

const TOKEN: &str = "AAAAA";
const AES_KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const HOOK_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Measures both ways in turn, with a target that answers at once and one that takes its time, and
/// prints a table for each.
///
/// # Errors
/// If something does not start, or a message is not relayed at once.
pub(super) async fn compare(site: &Site<'_>) -> anyhow::Result<()> {
    let home = site.home.path();
    let wechat = Wechat::start(site.binaries, home, Duration::ZERO, Transport::Http)?;
    let safe_mode = Arc::new(SafeMode {
        token: PushToken::new(TOKEN),
        key: EncodingAesKey::parse(AES_KEY)?,
        app_id: AppId::new(APP_ID),
    });
    for latency in LATENCIES {
        let name = format!("relay-{}", latency.as_millis());
        let (store, _kept) = site.database.store(site.postgres, site.home, &name)?;
        let target = start_responder("target", site.binaries, home, latency, &[])?;
        let settings = settings(&target);
        let names = ["relayed", "the target alone"];
        let mut costs = names.map(|name| Costs {
            name,
            rounds: Vec::new(),
        });
        for round in 1..=site.effort.rounds {
            let notice = |at| Notice::new(format!("{round}-{at}"));
            let program = start_wxlogin(&site.binaries.wxlogin, home, &store, &wechat, &settings)?;
            let scripts = (0..CONNECTIONS).map(|at| Push {
                notice: notice(at),
                safe_mode: Arc::clone(&safe_mode),
            });
            let relayed = measure(
                watched(site, &program)?,
                scripts.collect(),
                Pace::PerSecond(RATE),
                site.effort.window,
            );
            let relayed = relayed.await?;
            drop(program);
            let scripts = (0..CONNECTIONS).map(|at| Deliver(notice(at)));
            let alone = measure(
                watched(site, &target)?,
                scripts.collect(),
                Pace::PerSecond(RATE),
                site.effort.window,
            );
            for (costs, cost) in costs.iter_mut().zip([relayed, alone.await?]) {
                let p50 = cost.tally.quantile_ms(0.5);
                eprintln!("{name}, round {round}, {}: p50 {p50:.2} ms", costs.name);
                costs.rounds.push(cost);
            }
        }
        print(site, latency, &costs);
    }
    Ok(())
}

fn print(site: &Site<'_>, latency: Duration, costs: &[Costs; 2]) {
    let title = format!(
        "{RATE} relayed messages a second on {:?}, the target answers after {} ms",
        site.database,
        latency.as_millis()
    );
    println!("{}", report::comparison(&title, costs, 1));
    let [relayed, alone] = costs
        .each_ref()
        .map(|costs| costs.rounds.iter().map(|cost| cost.tally.quantile_ms(0.5)));
    let added: Vec<_> = relayed.zip(alone).map(|(all, own)| all - own).collect();
    println!(
        "At the median the relay adds {:.2} ms (rounds: {added:.2?}).",
        median(added.clone())
    );
}

fn watched<'a>(site: &Site<'_>, service: &'a Program) -> anyhow::Result<Watched<'a>> {
    let database = site.database.meter(site.postgres)?;
    Ok(Watched { service, database })
}

/// The app with message push in safe mode, all of which goes to `target`.
fn settings(target: &Program) -> [(&'static str, String); 3] {
    let rule = json!({
        "events": ["*"],
        "url": format!("http://{}/hook", target.address),
        "secret": HOOK_SECRET,
    });
    let app = json!({
        "app_id": APP_ID, "secret": APP_SECRET,
        "push_token": TOKEN, "push_aes_key": AES_KEY, "push_relay": [rule],
    });
    [
        // An empty variable counts as absent.
        ("WXLOGIN_APP_ID", String::new()),
        ("WXLOGIN_APP_SECRET", String::new()),
        ("WXLOGIN_APPS", json!([app]).to_string()),
    ]
}
