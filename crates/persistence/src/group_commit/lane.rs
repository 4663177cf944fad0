//! One writer, its queue, and the thread that drains it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use domain::ports::{RepositoryError, StoreResult};
use parking_lot::{Condvar, Mutex};

use super::batch::{Batch, Pending};
use super::wire::{Wire, WireSlot};
use super::{Batched, writer_gone};
use crate::error::{DatabaseError, DbResult};
use crate::pool::WritersFirst;
use crate::statistics::QueueCounts;
use crate::watch::Watch;

/// How many items are written together at most. The commit is paid for long before; more would
/// only make the first of them wait.
const MAX_BATCH: usize = 256;

/// How often a connection is tried for that is to be held.
const RECONNECT: Duration = Duration::from_secs(1);

/// What a writer needs.
#[derive(Clone)]
pub(crate) struct LaneOptions {
    /// How many items wait at most.
    pub(crate) capacity: usize,
    pub(crate) watch: Watch,
    pub(crate) writers: Arc<WritersFirst>,
    /// Whether nothing is written without it, so that its connection goes before those of the
    /// pool.
    pub(crate) is_first: bool,
}

/// How a writer is getting on.
#[derive(Debug)]
pub(crate) struct LaneStatus {
    since: Instant,
    is_connected: AtomicBool,
    /// Held while the pool is to open no connections, because this writer has none.
    waits: Mutex<Option<Arc<()>>>,
    /// ms since `since`, 0 for never.
    written_at: AtomicU64,
    failed_at: AtomicU64,
}

impl LaneStatus {
    pub(crate) fn is_connected(&self) -> bool {
        self.is_connected.load(Ordering::Relaxed)
    }

    /// Whether the connection that is to be held is not there.
    pub(crate) fn is_cut_off(&self) -> bool {
        self.waits.lock().is_some()
    }

    /// How long ago something was written, if nothing has failed since.
    pub(crate) fn written_ago(&self) -> Option<Duration> {
        let both = [&self.written_at, &self.failed_at];
        let [written, failed] = both.map(|at| at.load(Ordering::Relaxed));
        let at = self.since + Duration::from_millis(written);
        (written > failed).then(|| at.elapsed())
    }

    fn note(&self, at: &AtomicU64) {
        let now = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        at.store(now.max(1), Ordering::Relaxed);
    }

    pub(super) fn has_written(&self) {
        self.note(&self.written_at);
    }

    pub(super) fn has_failed(&self) {
        self.note(&self.failed_at);
    }
}

/// A writer's queue.
pub(super) struct Lane<B: Batched> {
    /// `None` once the queue is being closed.
    sender: Option<SyncSender<Message<B>>>,
    shared: Arc<Shared<B>>,
}

/// An item to write, or none: to open the connection and keep it.
type Message<B> = Option<Pending<B>>;

/// What the threads of a writer share.
pub(super) struct Shared<B: Batched> {
    pub(super) batched: B,
    receiver: Mutex<Receiver<Message<B>>>,
    pub(super) wire: WireSlot,
    pub(super) status: LaneStatus,
    is_held: AtomicBool,
    pub(super) options: LaneOptions,
    counts: Arc<QueueCounts>,
    /// Threads that have not come to their end, but for those that were given up.
    threads: Mutex<usize>,
    ended: Condvar,
}

impl<B: Batched> Lane<B> {
    pub(super) fn start(
        batched: B,
        wire: WireSlot,
        options: LaneOptions,
        counts: Arc<QueueCounts>,
    ) -> std::io::Result<Self> {
        let (sender, receiver) = sync_channel(options.capacity);
        let shared = Arc::new(Shared {
            batched,
            receiver: Mutex::new(receiver),
            wire,
            status: LaneStatus {
                since: Instant::now(),
                is_connected: AtomicBool::new(false),
                waits: Mutex::default(),
                written_at: AtomicU64::new(0),
                failed_at: AtomicU64::new(0),
            },
            is_held: AtomicBool::new(false),
            options,
            counts,
            threads: Mutex::new(1),
            ended: Condvar::new(),
        });
        shared.spawn()?;
        Ok(Self {
            sender: Some(sender),
            shared,
        })
    }

    pub(super) fn status(&self) -> &LaneStatus {
        &self.shared.status
    }

    /// Has the connection opened and held.
    pub(super) fn hold(&self) {
        if !self.shared.is_held.swap(true, Ordering::SeqCst)
            && let Some(sender) = &self.sender
        {
            self.shared.note_connected(self.status().is_connected());
            // A full queue has it opened too.
            let _ = sender.try_send(None);
        }
    }

    pub(super) fn send(&self, pending: Pending<B>) -> StoreResult<()> {
        let sender = self.sender.as_ref().ok_or_else(writer_gone::<B>)?;
        match sender.try_send(Some(pending)) {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(_)) => Err(RepositoryError::Overloaded),
            Err(TrySendError::Disconnected(_)) => Err(writer_gone::<B>()),
        }
    }

    /// Takes no more items.
    pub(super) fn close(&mut self) {
        self.sender = None;
    }

    /// Waits until all that waited is written or given up.
    pub(super) fn wait_until_done(&self) {
        let mut threads = self.shared.threads.lock();
        // What is under way is given up after one timeout, what waits is refused then.
        let patience = self.shared.options.watch.timeout() * 3;
        let ended = &self.shared.ended;
        ended.wait_while_for(&mut threads, |threads| *threads > 0, patience);
    }
}

impl<B: Batched> Shared<B> {
    pub(super) fn spawn(self: &Arc<Self>) -> std::io::Result<()> {
        let shared = Arc::clone(self);
        let thread = thread::Builder::new().name(B::NAME.to_owned());
        thread.spawn(move || shared.drain()).map(drop)
    }

    /// Writes batches until the queue is closed and empty.
    fn drain(self: &Arc<Self>) {
        while let Some(batch) = self.next_batch() {
            if !batch.is_empty() {
                self.counts.begin_batch(batch.len());
            }
            let (items, batch) = Batch::of(Arc::clone(self), batch);
            let batch = Arc::new(batch);
            let deadline = Instant::now() + self.options.watch.timeout();
            let under_way = Arc::clone(&batch);
            let give_up = move || under_way.give_up();
            let ticket = self.options.watch.begin(deadline, give_up);
            batch.write(&items);
            if !ticket.ended_in_time() {
                return;
            }
        }
        *self.threads.lock() -= 1;
        self.ended.notify_all();
    }

    /// Waits for items. An empty batch is to open the connection. `None` when there will be no
    /// more.
    fn next_batch(&self) -> Option<Vec<Pending<B>>> {
        let receiver = self.receiver.lock();
        let is_to_connect = self.is_held.load(Ordering::SeqCst) && !self.status.is_connected();
        let first = if is_to_connect {
            match receiver.recv_timeout(RECONNECT) {
                Err(RecvTimeoutError::Disconnected) => return None,
                message => message.ok().flatten(),
            }
        } else {
            receiver.recv().ok()?
        };
        let Some(first) = first else {
            return Some(Vec::new());
        };
        // Callers that got a result a moment ago can join it with their next request.
        thread::yield_now();
        let mut batch = vec![first];
        batch.extend(receiver.try_iter().flatten().take(MAX_BATCH - 1));
        Some(batch)
    }

    pub(super) fn connect(&self, wire: &Wire) -> DbResult<()> {
        let connected = wire.prepare();
        if connected.is_err() {
            self.status.has_failed();
            // It is requested again if it is needed.
            self.is_held
                .fetch_and(self.options.is_first, Ordering::SeqCst);
        }
        self.note_connected(connected.is_ok());
        connected
    }

    pub(super) fn note_connected(&self, is_connected: bool) {
        self.status
            .is_connected
            .store(is_connected, Ordering::SeqCst);
        let is_held = self.is_held.load(Ordering::SeqCst);
        let waits = self.options.is_first && is_held && !is_connected;
        *self.status.waits.lock() = waits.then(|| self.options.writers.one_waits());
    }

    pub(super) fn refuse_waiting(&self, error: &DatabaseError) {
        // If it is taken, another thread drains the queue already.
        if let Some(receiver) = self.receiver.try_lock() {
            for Pending { reply, .. } in receiver.try_iter().flatten() {
                let _ = reply.send(Err(RepositoryError::from(error.clone())));
            }
        }
    }
}
