//! The feed of changes. The triggers of the database write its rows.

mod postgres;
mod sqlite;

use std::sync::Arc;
use std::time::{Duration, Instant as Moment};

use async_trait::async_trait;
use diesel::QueryableByName;
use diesel::sql_types::{Bool, Nullable, Text};
use domain::id::{SessionId, UserId};
use domain::ports::{Change, ChangeFeed, FeedPosition, News, StoreResult};
use parking_lot::Mutex;

use crate::connection::AnyConnection;
use crate::error::DatabaseError;
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
        let cleaned = self.pool.run(move |connection| match connection {
            AnyConnection::Postgres(connection) => postgres::clean(connection, &old.place),
            AnyConnection::Sqlite(connection) => sqlite::clean(connection, &old.place),
        });
        if let Err(error) = cleaned.await {
            tracing::debug!(%error, "old changes could not be removed");
        }
    }

    /// Where the feed stood [`KEPT`] ago, if that has not been cleaned yet.
    fn next_to_clean(&self, position: &Position, now: Moment) -> Option<Position> {
        let mut cleaned = self.cleaned.lock();
        let is_due = match &*cleaned {
            Some((at, old)) => now.duration_since(*at) >= KEPT || old.source != position.source,
            None => true,
        };
        if !is_due {
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
        let rows = self.pool.run(move |connection| match connection {
            AnyConnection::Postgres(connection) => postgres::read(connection, known.as_ref()),
            AnyConnection::Sqlite(connection) => sqlite::read(connection, known.as_ref()),
        });
        let rows = rows.await?;
        let first = rows.first();
        let first = first.ok_or_else(|| DatabaseError::nonsense("the feed has no position"))?;
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
