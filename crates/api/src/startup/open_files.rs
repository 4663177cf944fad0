//! The limit of open files: raised to the hard limit, with some files reserved.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::ops::MAX_CONNECTIONS;
use crate::settings::Settings;

/// What the process needs beside connections: the program, listeners, logs, timers, runtimes.
const BASE: u64 = 64;

/// Descriptors of one connection to SQLite (database, WAL, shared memory); PostgreSQL needs one.
const OF_A_DATABASE_CONNECTION: u64 = 3;

/// Connections to the database beside the pool: those that write, and the migration's.
const WRITERS: u64 = 8;

/// What macOS takes where it says that there is no limit.
const WITHOUT_LIMIT: u64 = 10_240;

/// Raises the limit of this process to what the system allows, and gives it.
pub(super) fn raise_limit() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let raised = [limit.maximum, Some(WITHOUT_LIMIT)]
        .into_iter()
        .filter(|wanted| wanted.is_none() || *wanted > limit.current)
        .find(|wanted| {
            let wanted = Rlimit {
                current: *wanted,
                ..limit
            };
            setrlimit(Resource::Nofile, wanted).is_ok()
        });
    raised.unwrap_or(limit.current).unwrap_or(u64::MAX)
}

/// How many descriptors the service's connections may have under a `limit` of open files, so that the
/// database, calls to WeChat and the ops listener have theirs.
pub(super) fn for_connections(limit: u64, settings: &Settings) -> usize {
    let database = u64::from(settings.database.pool_size) + WRITERS;
    let wechat = u64::from(settings.wechat.max_concurrency);
    // The built-in sandbox accepts what we open.
    let wechat = if settings.apps.is_empty() {
        2 * wechat
    } else {
        wechat
    };
    let kept = BASE + MAX_CONNECTIONS as u64 + OF_A_DATABASE_CONNECTION * database + wechat;
    let left = limit.saturating_sub(kept);
    // With settings as wide as this the calls to WeChat are the ones that will be refused.
    let least = limit / 4;
    if left < least {
        tracing::warn!(
            limit,
            needed = kept,
            "few open files are allowed: raise the limit (`ulimit -n`, `LimitNOFILE=`) or lower wechat.max_concurrency"
        );
    }
    usize::try_from(left.max(least)).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_wechat_and_the_ops_listener_keep_theirs() {
        let mut settings = Settings::default();
        settings.database.pool_size = 16;
        settings.wechat.max_concurrency = 256;
        assert_eq!(
            for_connections(65_536, &settings),
            65_536 - 64 - 32 - 72 - 512
        );
        assert_eq!(for_connections(1_024, &settings), 344);
        assert_eq!(for_connections(256, &settings), 64);
    }
}
