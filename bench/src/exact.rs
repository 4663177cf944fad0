//! Waiting to a fraction of a millisecond: the runtime's own clock ticks in whole ones, which would
//! be counted as the time of the measured program. And the time of day.

use std::time::Duration;

use tokio::time::Instant;

/// Waits until `when`.
pub(crate) async fn sleep_until(when: Instant) {
    sleep(when.saturating_duration_since(Instant::now())).await;
}

/// Waits for `span`.
#[expect(clippy::disallowed_methods, reason = "it is a time that is waited for")]
pub(crate) async fn sleep(span: Duration) {
    if !span.is_zero() {
        // A sleep does not panic, and is not cancelled before the program's end.
        let _ = tokio::task::spawn_blocking(move || std::thread::sleep(span)).await;
    }
}

/// The time that WeChat writes into what it sends.
#[expect(
    clippy::disallowed_methods,
    reason = "the time that WeChat writes into a message"
)]
pub(crate) fn unix_seconds() -> i64 {
    wxcrypto::Timestamp::now().as_second()
}
