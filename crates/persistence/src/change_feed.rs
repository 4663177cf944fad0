//! The feed of changes. The triggers of the database write its rows.

use std::sync::Arc;
use std::time::{Duration, Instant as Moment};

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use domain::id::{SessionId, UserId};
use domain::ports::{Change, ChangeFeed, FeedPosition, News, StoreResult};
use parking_lot::Mutex;

use crate::connection::AnyConnection;
use crate::error::{DatabaseError, DbResult};
use crate::pool::Pool;
use crate::types::{DbId, Id};

/// How many changes are told one by one. A replica remembers some 6 500 sessions, so more than
/// this many is as good as all; and it bounds what one read takes.
const MOST: usize = 10_000;

/// How long a change is kept at least after everybody could see it. A replica that did not look
/// for so long forgets everything anyway.
const KEPT: Duration = Duration::from_mins(1);

#[derive(Clone)]
pub(crate) struct DieselChangeFeed {
    pool: Pool,
    /// Where the feed stood at the last cleaning, and when that was.
    cleaned: Arc<Mutex<Option<(Moment, Position)>>>,
}

/// How far the feed has been read.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Position {
    /// The database, so that a position of another one is known. Has no space in it.
    source: String,
    /// A snapshot of PostgreSQL's, or the last id on SQLite.
    place: String,
}

/// A row of the query: a change, or none if `is_change` is false.
#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    source: String,
    #[diesel(sql_type = Text)]
    place: String,
    /// Whether changes may have happened that are not told.
    #[diesel(sql_type = Bool)]
    is_lost: bool,
    #[diesel(sql_type = Bool)]
    is_change: bool,
    #[diesel(sql_type = Nullable<Id>)]
    user_id: Option<DbId>,
    #[diesel(sql_type = Nullable<Id>)]
    session_id: Option<DbId>,
}

impl DieselChangeFeed {
    pub(crate) fn new(pool: Pool) -> Self {
        Self {
            pool,
            cleaned: Arc::default(),
        }
    }

    /// Removes, now and then, what is not needed any longer. Whether that succeeds does
    /// not matter to who asked for news.
    async fn clean(&self, position: &Position) {
        let Some(old) = self.next_to_clean(position, Moment::now()) else {
            return;
        };
        let cleaned = self
            .pool
            .run(move |connection| clean(connection, &old.place));
        if let Err(error) = cleaned.await {
            tracing::debug!(%error, "old changes could not be removed");
        }
    }

    /// Where the feed stood [`KEPT`] ago, if that has not been cleaned yet.
    fn next_to_clean(&self, position: &Position, now: Moment) -> Option<Position> {
        let mut cleaned = self.cleaned.lock();
        let is_early = cleaned.as_ref().is_some_and(|(at, old)| {
            now.duration_since(*at) < KEPT && old.source == position.source
        });
        if is_early {
            return None;
        }
        let (_, old) = cleaned.replace((now, position.clone()))?;
        (old.source == position.source).then_some(old)
    }
}

#[async_trait]
impl ChangeFeed for DieselChangeFeed {
    async fn since(&self, position: Option<&FeedPosition>) -> StoreResult<News> {
        let known = position.and_then(Position::read);
        let is_new = known.is_none();
        let rows = self.pool.run(move |one| read(one, known.as_ref())).await?;
        let first = rows.first();
        // SQLite always gives one.
        let standby = "the database is a standby: what changes elsewhere is not known here in time";
        let first = first.ok_or_else(|| DatabaseError::unavailable(standby))?;
        let position = Position {
            source: first.source.clone(),
            place: first.place.clone(),
        };
        self.clean(&position).await;
        let changes = if is_new || first.is_lost || rows.len() > MOST {
            vec![Change::Everything]
        } else {
            let told = rows.iter().filter(|row| row.is_change);
            told.map(Row::change).collect()
        };
        Ok(News {
            changes,
            position: position.write(),
        })
    }
}

impl Position {
    fn read(position: &FeedPosition) -> Option<Self> {
        let (source, place) = position.as_str().split_once(' ')?;
        Some(Self {
            source: source.to_owned(),
            place: place.to_owned(),
        })
    }

    fn write(&self) -> FeedPosition {
        FeedPosition::new(format!("{} {}", self.source, self.place))
    }
}

impl Row {
    fn change(&self) -> Change {
        match (self.user_id, self.session_id) {
            (Some(user), _) => Change::User(UserId::new(user.0)),
            (None, Some(session)) => Change::Session(SessionId::new(session.0)),
            (None, None) => Change::Everything,
        }
    }
}

/// On PostgreSQL the feed goes by snapshots of transactions. A row holds the id of the transaction
/// that wrote it. The reader keeps the snapshot of its last query and asks for all rows that this
/// snapshot did not see. Each committed change is so told exactly once: a transaction that was open at
/// one query is told at the first after its commit, however long that takes. A transaction that stays
/// open, here or in another database of the server, does not delay other changes.
///
/// `$1` is the last snapshot, `$2` the database that it is of.
///
/// - All of it is one statement, so the snapshot that is given back is the one the rows are read
///   with (read committed).
/// - `xid >= pg_snapshot_xmin` is for the index: below it the snapshot saw everything.
/// - `source` changes with a restart, a failover to another server, and when the table is made anew
///   by a restore. If transactions are counted from less than before, the server was put back.
/// - On a standby, changes come late, or not at all: there is no feed.
const READ_POSTGRES: &str = "
    WITH here AS (
        SELECT concat_ws('/', extract(epoch FROM pg_postmaster_start_time()),
                   (SELECT oid FROM pg_database WHERE datname = current_database()),
                   'changes'::regclass::oid) AS source,
               pg_current_snapshot() AS snapshot),
    told AS (
        SELECT id, user_id, session_id FROM changes
        WHERE xid >= pg_snapshot_xmin($1::pg_snapshot)
          AND NOT pg_visible_in_snapshot(xid, $1::pg_snapshot)
        LIMIT 10001)
    SELECT here.source, here.snapshot::text AS place,
           coalesce(here.source <> $2
               OR pg_snapshot_xmax(here.snapshot) < pg_snapshot_xmax($1::pg_snapshot), true)
               AS is_lost,
           told.id IS NOT NULL AS is_change, told.user_id, told.session_id
    FROM here LEFT JOIN told ON true
    WHERE NOT pg_is_in_recovery()";

/// On SQLite the feed goes by ids, which are in the order of commits, because there is one writer.
///
/// `?1` is the last id that was told, `?2` the database it is of.
///
/// - The schema's version changes with `.restore` and `VACUUM`, and when the triggers are changed.
/// - Ids have no gaps, so if there are fewer rows than ids, some were removed before they were read.
const READ_SQLITE: &str = "
    SELECT CAST(schema_version AS TEXT) AS source, CAST(last.id AS TEXT) AS place,
           coalesce(CAST(schema_version AS TEXT) <> ?2 OR last.id - ?1 <>
               (SELECT count(*) FROM (SELECT 1 FROM changes WHERE id > ?1 LIMIT 10001)), true)
               AS is_lost,
           told.id IS NOT NULL AS is_change, told.user_id, told.session_id
    FROM pragma_schema_version
    JOIN (SELECT max(coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'changes'), 0),
                     coalesce((SELECT max(id) FROM changes), 0)) AS id) AS last
    LEFT JOIN (SELECT id, user_id, session_id FROM changes WHERE id > ?1 LIMIT 10001) AS told";

/// What is new since a position, if it is of this database.
fn read(connection: &mut AnyConnection, known: Option<&Position>) -> DbResult<Vec<Row>> {
    let source = known.map(|known| &known.source);
    let place = known.map(|known| &known.place);
    let rows = match connection {
        AnyConnection::Postgres(connection) => sql_query(READ_POSTGRES)
            .bind::<Nullable<Text>, _>(place)
            .bind::<Nullable<Text>, _>(source)
            .load(connection),
        AnyConnection::Sqlite(connection) => sql_query(READ_SQLITE)
            .bind::<Nullable<BigInt>, _>(place.and_then(|last| last.parse::<i64>().ok()))
            .bind::<Nullable<Text>, _>(source)
            .load(connection),
    };
    Ok(rows?)
}

/// `$1` is a snapshot that everybody has seen beyond. Rows of transactions that this server has yet
/// to count to came with a dump of another one.
const CLEAN_POSTGRES: &str = "
    DELETE FROM changes
    WHERE xid < pg_snapshot_xmin($1::pg_snapshot)
       OR xid >= pg_snapshot_xmax(pg_current_snapshot())";

/// `?1` is an id that everybody has read beyond.
const CLEAN_SQLITE: &str = "DELETE FROM changes WHERE id <= ?1";

/// Removes the changes before a place that everybody has seen.
fn clean(connection: &mut AnyConnection, place: &str) -> DbResult<()> {
    match connection {
        AnyConnection::Postgres(connection) => {
            let clean = sql_query(CLEAN_POSTGRES).bind::<Text, _>(place);
            clean.execute(connection)?;
        }
        AnyConnection::Sqlite(connection) => {
            let last = place.parse::<i64>().unwrap_or(0);
            let clean = sql_query(CLEAN_SQLITE).bind::<BigInt, _>(last);
            clean.execute(connection)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use domain::ports::{SessionLifecycle, UserRepository};
    use domain::testing::repository_contract::Guest;
    use domain::visit::VisitOutcome;
    use secrecy::SecretString;
    use zeroize::Zeroizing;

    use super::*;
    use crate::{Database, DatabaseOptions, MasterKeys};

    async fn open(url: String) -> Database {
        let keys = MasterKeys::new(Zeroizing::new([7; 32]), Vec::new());
        let options = DatabaseOptions::new(SecretString::from(url), keys);
        let database = Database::open(options).unwrap();
        database.migrate().await.unwrap();
        database
    }

    /// Ends a session, and reads what the feed says of it.
    async fn change(database: &Database, feed: &DieselChangeFeed, start: &FeedPosition) -> usize {
        let visit = Guest::new("wx01", "o1").visit(0);
        let (id, at) = (visit.session.id, visit.at);
        let outcome = database.users().record_visit(visit).await.unwrap();
        let VisitOutcome::Recorded { account, .. } = outcome else {
            unreachable!("nobody is disabled");
        };
        let lifecycle = database.lifecycle();
        assert!(lifecycle.end(account.user.id, id, at).await.unwrap());
        told(feed, start).await
    }

    async fn told(feed: &DieselChangeFeed, start: &FeedPosition) -> usize {
        let news = feed.since(Some(start)).await.unwrap();
        let sessions = news.changes.iter();
        sessions
            .filter(|change| matches!(change, Change::Session(_)))
            .count()
    }

    #[tokio::test]
    async fn changes_are_kept_for_a_minute_after_everybody_could_see_them() {
        let folder = tempfile::tempdir().unwrap();
        let postgres = testpg::database().unwrap();
        let sqlite = format!("sqlite://{}/test.db", folder.path().display());
        for url in [sqlite, postgres.url()] {
            let database = open(url).await;
            let feed = DieselChangeFeed::new(database.pool.clone());
            let start = feed.since(None).await.unwrap().position;
            assert_eq!(change(&database, &feed, &start).await, 1);
            // A minute goes by: what was there at the first read is removed, and nothing newer.
            feed.let_a_minute_pass();
            assert_eq!(told(&feed, &start).await, 1);
            assert_eq!(told(&feed, &start).await, 1);
            // Another minute: now the change, too. A transaction that is open in another database
            // of the server may keep it for some minutes more.
            let mut minutes = 0;
            while told(&feed, &start).await > 0 {
                minutes += 1;
                assert!(minutes < 500, "the change is never removed");
                feed.let_a_minute_pass();
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            assert!(minutes > 0);
        }
    }

    impl DieselChangeFeed {
        fn let_a_minute_pass(&self) {
            let mut cleaned = self.cleaned.lock();
            let (at, _) = cleaned.as_mut().unwrap();
            *at = at.checked_sub(KEPT).unwrap();
        }
    }
}
