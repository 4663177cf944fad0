//! Periodic deletions.

use std::sync::Arc;
use std::time::Duration;

use domain::avatars::AvatarService;
use domain::ports::Clock;
use persistence::Database;

use crate::machine_time::SystemClock;

const FORGET_EVERY: Duration = Duration::from_hours(1);

/// How long a dead session is kept, for the user who asks where they were logged in.
const KEPT_DEAD: Duration = Duration::from_hours(7 * 24);

/// How often unused pictures are looked for: a picture is gone within seconds,
/// at the cost of a read of an empty table.
const SWEEP_EVERY: Duration = Duration::from_secs(5);

/// Removes the files that accounts, operators and other replicas have left behind.
pub(super) async fn remove_old_avatars(avatars: Arc<AvatarService>) {
    let mut is_failing = false;
    loop {
        SystemClock.wait(SWEEP_EVERY).await;
        let swept = avatars.sweep().await;
        if let Err(error) = &swept
            && !is_failing
        {
            tracing::warn!(
                error = &**error,
                "old avatars cannot be removed; this goes on being tried"
            );
        }
        is_failing = swept.is_err();
    }
}

/// Removes, now and then, the sessions that have been dead for a while, so that they do not pile
/// up. Each replica does so; there is nothing left for the second.
pub(super) async fn forget_dead_sessions(database: Database) {
    loop {
        SystemClock.wait(FORGET_EVERY).await;
        match database.forget_dead_sessions(KEPT_DEAD).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "dead sessions were forgotten"),
            Err(error) => tracing::debug!(%error, "dead sessions could not be forgotten"),
        }
    }
}
