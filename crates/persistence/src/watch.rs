//! Deadlines: what takes too long is given up, although the thread that does it cannot be stopped.
//!
//! A call into libpq or SQLite cannot be interrupted from outside: the socket of a server that is
//! frozen stays open, and its kernel goes on acknowledging. So whoever waits is answered when the
//! time is over, and the thread is left alone with its connection. When its call returns after
//! all, [`is_given_up`] tells it to stop before it writes anything more.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::error::{DatabaseError, DbResult};

/// How late a deadline may be noticed, as a part of the timeout: a tenth.
const PRECISION: u32 = 10;

/// The longest and the shortest pause between two looks.
const PAUSES: (Duration, Duration) = (Duration::from_millis(10), Duration::from_millis(500));

/// How many threads may be left behind in calls that do not return. Each holds a connection that
/// was open when the database froze, so a replica does not come near it unless a proxy takes
/// connections and then goes silent, again and again.
const MAX_LEFT_BEHIND: usize = 64;

thread_local! {
    static CURRENT: RefCell<Option<Arc<AtomicBool>>> = const { RefCell::new(None) };
}

/// Watches calls in progress, on a separate thread.
#[derive(Clone)]
pub(crate) struct Watch(Arc<State>);

struct State {
    timeout: Duration,
    entries: Mutex<Entries>,
}

#[derive(Default)]
struct Entries {
    next: u64,
    watched: HashMap<u64, Entry>,
    left_behind: usize,
}

struct Entry {
    deadline: Instant,
    /// Answers those who wait.
    give_up: Box<dyn FnOnce() + Send>,
    is_given_up: Arc<AtomicBool>,
}

impl Watch {
    /// Starts the thread, which ends when the last clone of the value is gone.
    pub(crate) fn start(timeout: Duration) -> std::io::Result<Self> {
        let state = Arc::new(State {
            timeout,
            entries: Mutex::default(),
        });
        let seen = Arc::downgrade(&state);
        let pause = (timeout / PRECISION).clamp(PAUSES.0, PAUSES.1);
        thread::Builder::new()
            .name(String::from("deadlines"))
            .spawn(move || keep_looking(&seen, pause))?;
        Ok(Self(state))
    }

    /// How long a call to the database may take.
    pub(crate) fn timeout(&self) -> Duration {
        self.0.timeout
    }

    /// Watches what the calling thread does until the ticket is dropped. `give_up` is called if
    /// that is not before the deadline.
    pub(crate) fn begin(
        &self,
        deadline: Instant,
        give_up: impl FnOnce() + Send + 'static,
    ) -> Ticket {
        let is_given_up = Arc::<AtomicBool>::default();
        CURRENT.set(Some(Arc::clone(&is_given_up)));
        let entry = Entry {
            deadline,
            give_up: Box::new(give_up),
            is_given_up: Arc::clone(&is_given_up),
        };
        let mut entries = self.0.entries.lock();
        entries.next += 1;
        let id = entries.next;
        entries.watched.insert(id, entry);
        Ticket {
            watch: self.clone(),
            id,
            is_given_up,
        }
    }

    /// Whether another thread may be put at risk: an error if too many are stuck already.
    pub(crate) fn may_connect(&self) -> DbResult<()> {
        let left_behind = self.0.entries.lock().left_behind;
        if left_behind < MAX_LEFT_BEHIND {
            return Ok(());
        }
        Err(DatabaseError::unavailable(format!(
            "{left_behind} connections are stuck in calls that the database does not answer"
        )))
    }
}

impl State {
    fn give_up_overdue(&self) {
        let now = Instant::now();
        let mut entries = self.entries.lock();
        let is_overdue = |_: &u64, entry: &mut Entry| entry.deadline <= now;
        let overdue: Vec<_> = entries.watched.extract_if(is_overdue).collect();
        entries.left_behind += overdue.len();
        for (_, entry) in &overdue {
            entry.is_given_up.store(true, Ordering::SeqCst);
        }
        drop(entries);
        for (_, entry) in overdue {
            (entry.give_up)();
        }
    }
}

fn keep_looking(state: &Weak<State>, pause: Duration) {
    loop {
        thread::park_timeout(pause);
        let Some(state) = state.upgrade() else {
            return;
        };
        state.give_up_overdue();
    }
}

/// What is watched. To be dropped by the thread that does it, when it is done.
pub(crate) struct Ticket {
    watch: Watch,
    id: u64,
    is_given_up: Arc<AtomicBool>,
}

impl Ticket {
    /// Ends the watch, and tells whether it came to an end in time.
    pub(crate) fn ended_in_time(self) -> bool {
        let given_up = Arc::clone(&self.is_given_up);
        drop(self);
        !given_up.load(Ordering::SeqCst)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        CURRENT.set(None);
        let mut entries = self.watch.0.entries.lock();
        if entries.watched.remove(&self.id).is_none() {
            entries.left_behind = entries.left_behind.saturating_sub(1);
        }
    }
}

/// Whether the call of this thread has been given up, so that it has no caller and must not
/// write.
pub(crate) fn is_given_up() -> bool {
    CURRENT.with_borrow(|flag| {
        flag.as_ref()
            .is_some_and(|flag| flag.load(Ordering::SeqCst))
    })
}

/// Fails if what this thread does has been given up.
pub(crate) fn stop_if_given_up() -> DbResult<()> {
    if is_given_up() {
        let text = "the call was given up";
        return Err(DatabaseError::unavailable(text));
    }
    Ok(())
}

/// What those are told who waited.
pub(crate) fn too_late(timeout: Duration) -> DatabaseError {
    let waited = timeout.as_millis();
    DatabaseError::unavailable(format!("the database did not answer within {waited} ms"))
}
