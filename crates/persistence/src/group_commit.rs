//! Writing many things with one commit.
//!
//! What is to be written is put into a queue; a thread takes whatever waits there, and writes it
//! as one batch with one commit. While a batch is being written the next one gathers. There is no
//! timer: a lone item is a batch of one and waits for nobody.

mod wire;
mod writer;

use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use domain::ports::RepositoryError;
use tokio::sync::oneshot;

pub(crate) use wire::Wire;
use writer::Writer;

use crate::connection::AnyConnection;
use crate::error::DatabaseError;

/// How many items are written together at most. The commit is paid for long before; more would
/// only make the first of them wait.
const MAX_BATCH: usize = 256;

/// How many must wait before a second writer helps the first. With fewer, two would only make the
/// batches smaller, and it is batches that cost.
const ENOUGH_FOR_ONE: usize = 64;

/// Something that is written in batches.
pub(crate) trait Batched: Clone + Send + 'static {
    /// What is to be written.
    type Item: Send + 'static;
    /// What comes of it.
    type Outcome: Send + 'static;

    /// What the items are called.
    const NAME: &'static str;

    /// Items of one key mostly go the same way, so that two writers seldom meet at one row.
    fn key(item: &Self::Item) -> impl Hash;

    /// Writes `items`, durably, and gives an outcome for each, in their order. If it fails because
    /// of an item, nothing has been done that does harm when it is done again.
    fn write(
        &self,
        connection: &mut AnyConnection,
        items: &[&Self::Item],
    ) -> Result<Vec<Self::Outcome>, DatabaseError>;

    /// The same after the connection was lost: any of them may have been written.
    fn write_again(
        &self,
        connection: &mut AnyConnection,
        items: &[&Self::Item],
    ) -> Result<Vec<Self::Outcome>, DatabaseError>;
}

/// The queue before the writers.
pub(crate) struct GroupCommit<B: Batched> {
    lanes: Vec<Lane<B>>,
    /// How many callers wait.
    waiting: AtomicUsize,
    hasher: RandomState,
}

/// One writer and what waits for it.
struct Lane<B: Batched> {
    /// `None` once the queue is being closed.
    sender: Option<SyncSender<Pending<B>>>,
    thread: Option<JoinHandle<()>>,
}

/// An item that waits, and who waits for it.
struct Pending<B: Batched> {
    item: Box<B::Item>,
    reply: oneshot::Sender<Result<B::Outcome, RepositoryError>>,
}

impl<B: Batched> GroupCommit<B> {
    /// Starts a writer on each of `wires`. At most `capacity` items wait.
    pub(crate) fn start(batched: &B, wires: Vec<Wire>, capacity: usize) -> std::io::Result<Self> {
        let capacity = capacity.div_ceil(wires.len().max(1));
        let wires = wires.into_iter();
        let lanes = wires.map(|wire| Lane::start(batched.clone(), wire, capacity));
        Ok(Self {
            lanes: lanes.collect::<Result<_, _>>()?,
            waiting: AtomicUsize::new(0),
            hasher: RandomState::new(),
        })
    }

    /// Puts an item into the queue and waits until it is written. It is written although the
    /// caller goes away.
    pub(crate) async fn write(&self, item: B::Item) -> Result<B::Outcome, RepositoryError> {
        let waiting = Waiting::among(&self.waiting);
        let sender = self.lane(&item, waiting.before);
        let sender = sender.ok_or_else(writer_gone::<B>)?;
        let (reply, answer) = oneshot::channel();
        let item = Box::new(item);
        match sender.try_send(Pending { item, reply }) {
            Ok(()) => answer.await.unwrap_or_else(|_| Err(writer_gone::<B>())),
            Err(TrySendError::Full(_)) => Err(RepositoryError::Overloaded),
            Err(TrySendError::Disconnected(_)) => Err(writer_gone::<B>()),
        }
    }

    /// The first writer's queue, or one by the item's key if there is work for several.
    fn lane(&self, item: &B::Item, waiting: usize) -> Option<&SyncSender<Pending<B>>> {
        let lane = if waiting < ENOUGH_FOR_ONE || self.lanes.len() < 2 {
            0
        } else {
            let hash = self.hasher.hash_one(B::key(item));
            usize::try_from(hash % self.lanes.len() as u64).unwrap_or(0)
        };
        self.lanes.get(lane)?.sender.as_ref()
    }
}

impl<B: Batched> Drop for GroupCommit<B> {
    /// Finishes what waits.
    fn drop(&mut self) {
        for lane in &mut self.lanes {
            lane.sender = None;
        }
        for lane in &mut self.lanes {
            if let Some(thread) = lane.thread.take() {
                // A panic has been reported by its thread.
                let _ = thread.join();
            }
        }
    }
}

/// One of those who wait.
struct Waiting<'a> {
    count: &'a AtomicUsize,
    /// How many there were before.
    before: usize,
}

impl<'a> Waiting<'a> {
    fn among(count: &'a AtomicUsize) -> Self {
        let before = count.fetch_add(1, Ordering::Relaxed);
        Self { count, before }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
    }
}

impl<B: Batched> Lane<B> {
    fn start(batched: B, wire: Wire, capacity: usize) -> std::io::Result<Self> {
        let (sender, receiver) = sync_channel(capacity);
        let thread = std::thread::Builder::new()
            .name(B::NAME.to_owned())
            .spawn(move || drain(&receiver, &Writer { batched, wire }))?;
        Ok(Self {
            sender: Some(sender),
            thread: Some(thread),
        })
    }
}

fn drain<B: Batched>(receiver: &Receiver<Pending<B>>, writer: &Writer<B>) {
    while let Ok(first) = receiver.recv() {
        // Whoever was answered a moment ago and comes again gets the chance to be in it.
        std::thread::yield_now();
        let mut batch = vec![first];
        batch.extend(receiver.try_iter().take(MAX_BATCH - 1));
        match writer.wire.prepare() {
            Ok(()) => writer.write_guarded(batch),
            // Whoever came while we tried to connect shares the answer.
            Err(error) => writer::refuse(batch.into_iter().chain(receiver.try_iter()), &error),
        }
    }
}

fn writer_gone<B: Batched>() -> RepositoryError {
    let text = format!("the writer of {} has failed", B::NAME);
    RepositoryError::from(DatabaseError::nonsense(text))
}
