//! Writes many items with one commit.
//!
//! What is to be written is put into a queue; a thread takes whatever waits there, and writes it
//! as one batch with one commit. While a batch is being written the next one gathers. There is no
//! timer: a single item is a batch of one and is written at once. What is only read can be done in
//! the same way, to share round trips.

mod batch;
mod lane;
mod wire;

use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::Arc;

use domain::ports::{RepositoryError, StoreResult};
use tokio::sync::oneshot;

use batch::Pending;
use lane::Lane;
pub(crate) use lane::{LaneOptions, LaneStatus};
pub(crate) use wire::WireSlot;

use crate::connection::AnyConnection;
use crate::error::{DatabaseError, DbResult};
use crate::statistics::QueueCounts;

/// How many must wait before a second writer helps the first. With fewer, two would only make the
/// batches smaller, and the cost is per batch.
const ENOUGH_FOR_ONE: usize = 64;

/// Something that is written in batches.
pub(crate) trait Batched: Clone + Send + Sync + 'static {
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
    ) -> DbResult<Vec<Self::Outcome>>;

    /// The same after the connection was lost: any of them may have been written. By default that does
    /// no harm.
    fn write_again(
        &self,
        connection: &mut AnyConnection,
        items: &[&Self::Item],
    ) -> DbResult<Vec<Self::Outcome>> {
        self.write(connection, items)
    }
}

/// The queue before the writers.
pub(crate) struct GroupCommit<B: Batched> {
    lanes: Vec<Lane<B>>,
    counts: Arc<QueueCounts>,
    hasher: RandomState,
}

impl<B: Batched> GroupCommit<B> {
    /// Starts a writer on each of `wires`. At most `options.capacity` items wait.
    pub(crate) fn start(
        batched: &B,
        wires: Vec<WireSlot>,
        options: &LaneOptions,
    ) -> std::io::Result<Self> {
        let counts = Arc::<QueueCounts>::default();
        let capacity = options.capacity.div_ceil(wires.len().max(1));
        let wires = wires.into_iter();
        let lanes = wires.enumerate().map(|(index, wire)| {
            let options = LaneOptions {
                capacity,
                is_first: index == 0,
                ..options.clone()
            };
            Lane::start(batched.clone(), wire, options, Arc::clone(&counts))
        });
        let lanes = lanes.collect::<Result<_, _>>()?;
        Ok(Self {
            lanes,
            counts,
            hasher: RandomState::new(),
        })
    }

    /// Has the first writer open its connection now, and again whenever it is lost.
    pub(crate) fn hold(&self) {
        if let Some(first) = self.lanes.first() {
            first.hold();
        }
    }

    /// How the first writer, without which nothing is written, is getting on.
    pub(crate) fn status(&self) -> Option<&LaneStatus> {
        self.lanes.first().map(Lane::status)
    }

    /// Puts an item into the queue and waits until it is written. It is written although the
    /// caller goes away.
    pub(crate) async fn write(&self, item: B::Item) -> StoreResult<B::Outcome> {
        let lane = self.lane(&item).ok_or_else(writer_gone::<B>)?;
        let _waits = Arc::clone(&self.counts.waiting);
        let (reply, answer) = oneshot::channel();
        let item = Box::new(item);
        lane.send(Pending { item, reply })?;
        answer.await.unwrap_or_else(|_| Err(writer_gone::<B>()))
    }

    /// How much is written.
    pub(crate) fn counts(&self) -> Arc<QueueCounts> {
        Arc::clone(&self.counts)
    }

    /// The first writer, or one by the item's key if there is work for several.
    fn lane(&self, item: &B::Item) -> Option<&Lane<B>> {
        let first = self.lanes.first();
        if self.counts.waiting() < ENOUGH_FOR_ONE || self.lanes.len() < 2 {
            return first;
        }
        let hash = self.hasher.hash_one(B::key(item));
        let lane = usize::try_from(hash % self.lanes.len() as u64).unwrap_or(0);
        // The others open their connections when they are needed, if the database has any left.
        let lane = self.lanes.get(lane)?;
        if lane.status().is_connected() {
            return Some(lane);
        }
        lane.hold();
        first
    }
}

impl<B: Batched> Drop for GroupCommit<B> {
    /// Finishes what waits.
    fn drop(&mut self) {
        self.lanes.iter_mut().for_each(Lane::close);
        self.lanes.iter().for_each(Lane::wait_until_done);
    }
}

fn writer_gone<B: Batched>() -> RepositoryError {
    let text = format!("the writer of {} has failed", B::NAME);
    RepositoryError::from(DatabaseError::nonsense(text))
}
