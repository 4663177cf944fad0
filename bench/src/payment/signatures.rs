//! `POST /auth/wechat-signature` beside refreshes and `POST /auth/introspect`.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::Site;
use super::scripts::{Introspect, Sign};
use crate::compare::Costs;
use crate::guests::Guests;
use crate::load::{Connection, Pace, Window};
use crate::measurement::{Cost, Watched, measure};
use crate::programs::{Store, Transport, Wechat, start_wxlogin};
use crate::report;
use crate::scripts::{Refresh, Tokens, log_in};

/// How many ask at once.
const CONNECTIONS: usize = 64;

/// How many signatures a key makes in a minute.
const PER_KEY: f64 = 600.0;

/// Signatures a second that the keys suffice for. A service that signs more answers 429, which
/// ends the measurement. The service compares every key with the one presented, so there are no
/// more keys than this needs.
const MOST: f64 = 50_000.0;

#[derive(Clone, Copy)]
enum Request {
    Sign,
    Refresh,
    Introspect,
}

/// The second is the measure.
const REQUESTS: [(&str, Request); 3] = [
    ("POST /auth/wechat-signature", Request::Sign),
    ("POST /user/refresh", Request::Refresh),
    ("POST /auth/introspect", Request::Introspect),
];

/// Measures the three in turn, and prints a table.
///
/// # Errors
/// If something does not start, or an answer is not 200.
pub(super) async fn compare(site: &Site<'_>) -> anyhow::Result<()> {
    let wechat = Wechat::start(
        site.binaries,
        site.home.path(),
        Duration::ZERO,
        Transport::Http,
    )?;
    let (store, _kept) = site
        .database
        .store(site.postgres, site.home, "signatures")?;
    let keys = keys(site.effort.window);
    let mut costs = REQUESTS.map(|(name, _)| Costs {
        name,
        rounds: Vec::new(),
    });
    for round in 1..=site.effort.rounds {
        for ((name, request), costs) in REQUESTS.into_iter().zip(&mut costs) {
            let run = u32::try_from(round)?;
            let cost = put_on(site, request, &store, &wechat, &keys, run).await?;
            eprintln!("round {round}, {name}: {:.0}/s", cost.tally.rate());
            costs.rounds.push(cost);
        }
    }
    let title = format!(
        "Signatures on {:?}, {CONNECTIONS} at once, {} API keys",
        site.database,
        keys.len()
    );
    println!("{}", report::comparison(&title, &costs, 1));
    Ok(())
}

async fn put_on(
    site: &Site<'_>,
    request: Request,
    store: &Store,
    wechat: &Wechat,
    keys: &Arc<[String]>,
    run: u32,
) -> anyhow::Result<Cost> {
    let of_settings = |key| json!({"name": key, "key": key, "scopes": ["sign", "introspect"]});
    let list: Vec<_> = keys.iter().map(of_settings).collect();
    let settings = [("WXLOGIN_ADMIN__API_KEYS", json!(list).to_string())];
    let program = start_wxlogin(
        &site.binaries.wxlogin,
        site.home.path(),
        store,
        wechat,
        &settings,
    )?;
    let mut connection = Connection::open(program.address).await?;
    let guests = Guests::returning(CONNECTIONS as u64);
    let sessions = log_in(&mut connection, &guests, run, CONNECTIONS).await?;
    drop(connection);
    let sessions = sessions.into_iter().enumerate();
    let watched = Watched {
        service: &program,
        database: site.database.meter(site.postgres)?,
    };
    let (pace, window) = (Pace::AtOnce, site.effort.window);
    match request {
        Request::Sign => {
            let script = |(at, tokens): (usize, _)| Sign::new(at, &tokens, keys);
            measure(watched, sessions.map(script).collect(), pace, window).await
        }
        Request::Refresh => {
            let script = |(_, tokens): (usize, Tokens)| Refresh {
                token: tokens.refresh,
            };
            measure(watched, sessions.map(script).collect(), pace, window).await
        }
        Request::Introspect => {
            let script = |(at, tokens): (usize, _)| Introspect::new(at, &tokens, keys);
            measure(watched, sessions.map(script).collect(), pace, window).await
        }
    }
}

/// As many as the load needs.
fn keys(window: Window) -> Arc<[String]> {
    let seconds = (window.warm_up + window.measured).as_secs_f64();
    let mut left = MOST * seconds;
    let mut keys = Vec::new();
    while left > 0.0 {
        keys.push(format!("benchmark-key-{:06}", keys.len()));
        left -= PER_KEY;
    }
    keys.into()
}
