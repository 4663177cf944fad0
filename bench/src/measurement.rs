//! One measurement: a load on one program, and what everybody used for it.

use std::time::Duration;

use crate::load::{self, Pace, Script, Tally, Window};
use crate::meter::Meter;
use crate::programs::Program;

/// What is looked at besides the answers.
pub(crate) struct Watched<'a> {
    pub(crate) service: &'a Program,
    /// The database server, if it is a process of its own.
    pub(crate) database: Option<Meter>,
}

/// What a load cost.
#[derive(Clone, Debug)]
pub(crate) struct Cost {
    pub(crate) tally: Tally,
    /// Processor time of the service, µs an answer.
    pub(crate) service_us: f64,
    /// Processor time of the database server, µs an answer.
    pub(crate) database_us: Option<f64>,
    /// Processor time of the load generator, µs an answer.
    pub(crate) load_us: f64,
    /// Memory of the service at the end, bytes.
    pub(crate) memory: u64,
}

/// Processor times at one moment.
#[derive(Default)]
struct Snapshot {
    service: Duration,
    database: Duration,
    load: Duration,
}

struct Meters {
    service: Meter,
    database: Option<Meter>,
    load: Meter,
}

impl Meters {
    fn read(&mut self) -> Snapshot {
        Snapshot {
            service: self.service.processor_time(),
            database: self
                .database
                .as_mut()
                .map(Meter::processor_time)
                .unwrap_or_default(),
            load: self.load.processor_time(),
        }
    }
}

/// Runs `scripts` against the watched service.
///
/// # Errors
/// If an answer is not 200.
pub(crate) async fn measure<S: Script>(
    watched: Watched<'_>,
    scripts: Vec<S>,
    pace: Pace,
    window: Window,
) -> anyhow::Result<Cost> {
    let has_database = watched.database.is_some();
    let meters = std::cell::RefCell::new(Meters {
        service: watched.service.meter()?,
        database: watched.database,
        load: Meter::of(std::process::id())?,
    });
    let (mut before, mut after) = (Snapshot::default(), Snapshot::default());
    let tally = load::run(
        watched.service.address,
        scripts,
        pace,
        window,
        || before = meters.borrow_mut().read(),
        || after = meters.borrow_mut().read(),
    )
    .await?;
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let answers = tally.answers() as f64;
    let each = |before: Duration, after: Duration| {
        after.saturating_sub(before).as_secs_f64() * 1e6 / answers
    };
    let memory = meters.borrow_mut().service.memory();
    Ok(Cost {
        service_us: each(before.service, after.service),
        database_us: has_database.then(|| each(before.database, after.database)),
        load_us: each(before.load, after.load),
        memory,
        tally,
    })
}
