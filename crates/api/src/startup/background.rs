//! Work that must outlive the actix worker, or the request, that began it.

use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

/// The process's main runtime, and the tasks on it that the end of the process waits for.
///
/// Each actix worker has a runtime of its own. At shutdown an idle worker ends before a busy one,
/// and ends every task and connection that began on it, also if there are waiters.
#[derive(Clone, Debug)]
pub(crate) struct Background {
    runtime: Handle,
    tasks: TaskTracker,
}

impl Background {
    /// Tasks run on the runtime that calls this, which must outlive all workers.
    pub(crate) fn here() -> Self {
        Self {
            runtime: Handle::current(),
            tasks: TaskTracker::new(),
        }
    }

    pub(crate) fn runtime(&self) -> &Handle {
        &self.runtime
    }

    /// Runs `task` to its end, also if its caller no longer waits.
    pub(crate) fn run<F>(&self, task: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        let task = task.in_current_span();
        self.tasks.spawn_on(task, &self.runtime)
    }

    /// Waits until all tasks are done, and says whether they are.
    pub(crate) async fn finish(&self, at_most: Duration) -> bool {
        self.tasks.close();
        timeout(at_most, self.tasks.wait()).await.is_ok()
    }
}
