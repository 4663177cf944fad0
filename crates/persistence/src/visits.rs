//! Recording visits, many at a time.
//!
//! A visit is put into a queue; a writer thread takes whatever waits there, and writes it as one
//! batch with one commit. While a batch is being written the next one gathers. There is no
//! timer: a lone visit is a batch of one and waits for nobody.
//!
//! A batch goes through three steps: load what is known of its visitors, [`plan`] what changes,
//! write it. On SQLite the three are one transaction, and there is one writer. PostgreSQL has
//! two, so that one plans while the other waits for its commit; there the write is one statement
//! that fails as a whole if anything it was planned upon has changed, and is then planned anew.

mod batch_rows;
mod columns;
mod load;
mod plan;
mod postgres;
mod sqlite;
mod statements;
mod writer;

use std::hash::{BuildHasher, RandomState};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use domain::ports::RepositoryError;
use domain::visit::{Visit, VisitOutcome};
use tokio::sync::oneshot;

pub(crate) use batch_rows::code_hour;
pub(crate) use writer::Writer;
use writer::refuse;

use crate::error::DatabaseError;

/// How many visits are written together at most. The commit is paid for long before; more would
/// only make the first of them wait.
const MAX_BATCH: usize = 256;

/// The queue before the writers.
pub(crate) struct VisitQueue {
    lanes: Vec<Lane>,
    hasher: RandomState,
}

/// One writer and what waits for it.
struct Lane {
    /// `None` once the queue is being closed.
    sender: Option<SyncSender<PendingVisit>>,
    thread: Option<JoinHandle<()>>,
}

/// A visit that waits, and who waits for it.
pub(crate) struct PendingVisit {
    visit: Box<Visit>,
    reply: oneshot::Sender<Result<VisitOutcome, RepositoryError>>,
}

impl VisitQueue {
    /// Starts a thread for each of `writers`. At most `capacity` visits wait.
    pub(crate) fn start(writers: Vec<Writer>, capacity: usize) -> std::io::Result<Self> {
        let capacity = capacity.div_ceil(writers.len().max(1));
        let lanes = writers
            .into_iter()
            .map(|writer| Lane::start(writer, capacity));
        Ok(Self {
            lanes: lanes.collect::<Result<_, _>>()?,
            hasher: RandomState::new(),
        })
    }

    /// Puts a visit into the queue and waits until it is stored. The visit is stored although
    /// the caller goes away.
    pub(crate) async fn record(&self, visit: Visit) -> Result<VisitOutcome, RepositoryError> {
        let (reply, answer) = oneshot::channel();
        // All visits of one identity go the same way, so that the writers of one process never
        // plan upon the same row.
        let hash = self.hasher.hash_one((&visit.open_id, &visit.app.id));
        let lane = usize::try_from(hash % self.lanes.len().max(1) as u64).unwrap_or(0);
        let sender = self.lanes.get(lane).and_then(|lane| lane.sender.as_ref());
        let sender = sender.ok_or_else(writer_gone)?;
        let visit = Box::new(visit);
        match sender.try_send(PendingVisit { visit, reply }) {
            Ok(()) => answer.await.unwrap_or_else(|_| Err(writer_gone())),
            Err(TrySendError::Full(_)) => Err(RepositoryError::Overloaded),
            Err(TrySendError::Disconnected(_)) => Err(writer_gone()),
        }
    }
}

impl Drop for VisitQueue {
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

impl Lane {
    fn start(writer: Writer, capacity: usize) -> std::io::Result<Self> {
        let (sender, receiver) = sync_channel(capacity);
        let thread = std::thread::Builder::new()
            .name("visits".to_owned())
            .spawn(move || drain(&receiver, writer))?;
        Ok(Self {
            sender: Some(sender),
            thread: Some(thread),
        })
    }
}

fn drain(receiver: &Receiver<PendingVisit>, mut writer: Writer) {
    while let Ok(first) = receiver.recv() {
        let mut batch = vec![first];
        batch.extend(receiver.try_iter().take(MAX_BATCH - 1));
        if let Err(error) = writer.prepare() {
            // Whoever came while we tried to connect shares the answer.
            refuse(batch.into_iter().chain(receiver.try_iter()), &error);
            continue;
        }
        writer = writer.record_guarded(batch);
    }
}

fn writer_gone() -> RepositoryError {
    RepositoryError::from(DatabaseError::nonsense("the writer of visits has failed"))
}
