//! What it takes SQLite to record visits, alone and many at once, and to find a session.
#![expect(clippy::unwrap_used, reason = "a bench that cannot go on has failed")]

use divan::Bencher;
use divan::counter::ItemsCount;
use domain::id::SessionId;
use domain::ports::{SessionRepository, UserRepository};
use domain::testing::repository_contract::Guest;
use domain::visit::Visit;
use futures_util::future::try_join_all;
use persistence::{Database, DatabaseOptions, MasterKeys};
use secrecy::SecretString;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use zeroize::Zeroizing;

/// How many users there are. All of them have been here before.
const GUESTS: usize = 1000;

fn main() {
    divan::main();
}

/// The visits come at once: those that wait are written together, with one flush.
#[divan::bench(args = [1, 64])]
fn record_visits(bencher: Bencher, at_once: usize) {
    let store = Store::new();
    let users = store.database.users();
    let mut visits = (1..).flat_map(visits);
    bencher
        .counter(ItemsCount::new(at_once))
        .with_inputs(|| visits.by_ref().take(at_once).collect::<Vec<_>>())
        .bench_local_values(|visits| {
            let recorded = visits.into_iter().map(|visit| users.record_visit(visit));
            store.runtime.block_on(try_join_all(recorded)).unwrap()
        });
}

/// As for a token that was not used for a while.
#[divan::bench]
fn find_session(bencher: Bencher) {
    let store = Store::new();
    let sessions = store.database.sessions();
    let mut ids = store.sessions.iter().cycle();
    bencher
        .with_inputs(|| *ids.next().unwrap())
        .bench_local_values(|id| {
            let found = store.runtime.block_on(sessions.find(id)).unwrap();
            assert!(found.is_some());
            found
        });
}

/// A file with the guests in it, and a session of each.
struct Store {
    database: Database,
    sessions: Vec<SessionId>,
    runtime: Runtime,
    _folder: TempDir,
}

impl Store {
    fn new() -> Self {
        // Not the system's folder for such things, which may be in memory and flush for nothing.
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let url = format!("sqlite://{}", folder.path().join("bench.db").display());
        let keys = MasterKeys::new(Zeroizing::new([7; 32]), Vec::new());
        let options = DatabaseOptions::new(SecretString::from(url), keys);
        let database = Database::open(options).unwrap();

        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let first: Vec<_> = visits(0).collect();
        let sessions = first.iter().map(|visit| visit.session.id).collect();
        let users = database.users();
        runtime.block_on(async {
            database.migrate().await.unwrap();
            let recorded = first.into_iter().map(|visit| users.record_visit(visit));
            try_join_all(recorded).await.unwrap();
        });
        Self {
            database,
            sessions,
            runtime,
            _folder: folder,
        }
    }
}

/// A visit of each guest.
fn visits(second: i64) -> impl Iterator<Item = Visit> {
    (0..GUESTS).map(move |guest| Guest::new("wx01", &format!("o-{guest}")).visit(second))
}
