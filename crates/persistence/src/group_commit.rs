//! Writing many things with one commit.
//!
//! What is to be written is put into a queue; a thread takes whatever waits there, and writes it
//! as one batch with one commit. While a batch is being written the next one gathers. There is no
//! timer: a lone item is a batch of one and waits for nobody.

mod wire;
mod writer;

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

/// Something that is written in batches.
pub(crate) trait Batched: Send + 'static {
    /// What is to be written.
    type Item: Send + 'static;
    /// What comes of it.
    type Outcome: Send + 'static;

    /// What the items are called.
    const NAME: &'static str;

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

/// A queue and its writer.
///
/// There is one, also where several could write at once: they would only make the batches
/// smaller, and it is batches that cost.
pub(crate) struct GroupCommit<B: Batched> {
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
    /// Starts the writer. At most `capacity` items wait.
    pub(crate) fn start(batched: B, wire: Wire, capacity: usize) -> std::io::Result<Self> {
        let (sender, receiver) = sync_channel(capacity);
        let thread = std::thread::Builder::new()
            .name(B::NAME.to_owned())
            .spawn(move || drain(&receiver, &Writer { batched, wire }))?;
        Ok(Self {
            sender: Some(sender),
            thread: Some(thread),
        })
    }

    /// Puts an item into the queue and waits until it is written. It is written although the
    /// caller goes away.
    pub(crate) async fn write(&self, item: B::Item) -> Result<B::Outcome, RepositoryError> {
        let (reply, answer) = oneshot::channel();
        let sender = self.sender.as_ref().ok_or_else(writer_gone::<B>)?;
        let item = Box::new(item);
        match sender.try_send(Pending { item, reply }) {
            Ok(()) => answer.await.unwrap_or_else(|_| Err(writer_gone::<B>())),
            Err(TrySendError::Full(_)) => Err(RepositoryError::Overloaded),
            Err(TrySendError::Disconnected(_)) => Err(writer_gone::<B>()),
        }
    }
}

impl<B: Batched> Drop for GroupCommit<B> {
    /// Finishes what waits.
    fn drop(&mut self) {
        self.sender = None;
        if let Some(thread) = self.thread.take() {
            // A panic has been reported by its thread.
            let _ = thread.join();
        }
    }
}

fn drain<B: Batched>(receiver: &Receiver<Pending<B>>, writer: &Writer<B>) {
    while let Ok(first) = receiver.recv() {
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
