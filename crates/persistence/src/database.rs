//! The database, opened.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use domain::ports::{
    AccountRepository, AuditLog, BanRepository, ChangeFeed, MergeRepository, PhoneLookups,
    PushOutbox, ReadinessProbe, ReplacedAvatars, SessionLifecycle, SessionRepository,
    SignatoryRepository, SigningKeyRepository, StoreClock, StoreResult, UserRepository,
    WechatTokenRepository,
};
use secrecy::SecretString;

use crate::audit::AuditEntries;
use crate::change_feed::DieselChangeFeed;
use crate::connection::Connector;
use crate::examination::{self, Finding};
use crate::group_commit::{Batched, GroupCommit, LaneOptions, WireSlot};
use crate::migrations::{self, MigrateError};
use crate::pool::{Pool, Work, WritersFirst};
use crate::probe::DieselReadinessProbe;
use crate::seal::{MasterKeys, Vaults};
use crate::signatories::Signatories;
use crate::statistics::Statistics;
use crate::token_uses::TokenUses;
use crate::transaction::repeated;
use crate::url::{DatabaseUrl, UnknownDatabaseUrl};
use crate::visits::Visits;
use crate::watch::Watch;
use crate::{privileges, sqlite_file};

/// What [`Database::open`] needs to know.
#[derive(Debug)]
pub struct DatabaseOptions {
    /// `sqlite://path`, or `postgres://…` as libpq understands it, several hosts included.
    pub url: SecretString,
    /// How many connections there are at most, those of the writers of logins and refreshes
    /// included: on SQLite one, on PostgreSQL one to three ([`Database::open`]). At least two are used.
    /// They are opened when they are needed. While migrations run there is one more.
    pub pool_size: u32,
    /// How long an operation waits for a connection.
    pub acquire_timeout: Duration,
    /// How long an operation takes at most, the wait for a connection and its opening included.
    /// Then it fails with [`Unavailable`](domain::ports::RepositoryError::Unavailable), and its
    /// connection is not used again.
    pub timeout: Duration,
    /// What stored secrets are sealed under.
    pub master_keys: MasterKeys,
    /// How many visits wait to be written at most, and how many uses of tokens; more are refused
    /// with [`Overloaded`](domain::ports::RepositoryError::Overloaded).
    pub queue_capacity: usize,
}

impl DatabaseOptions {
    /// 16 connections, two seconds of patience for one, five for an operation, a queue of 4096.
    pub fn new(url: SecretString, master_keys: MasterKeys) -> Self {
        Self {
            url,
            pool_size: 16,
            acquire_timeout: Duration::from_secs(2),
            timeout: Duration::from_secs(5),
            master_keys,
            queue_capacity: 4096,
        }
    }
}

/// A database: its pool of connections, and its writers. It implements the ports of the domain,
/// except two whose adapters have state of their own.
///
/// All its clones share them. When the last one is dropped, what still waits is written first.
#[derive(Clone)]
pub struct Database {
    pub(crate) pool: Pool,
    pub(crate) visits: Arc<GroupCommit<Visits>>,
    pub(crate) token_uses: Arc<GroupCommit<TokenUses>>,
    pub(crate) signatories: Arc<GroupCommit<Signatories>>,
    pub(crate) audit_entries: Arc<GroupCommit<AuditEntries>>,
    pub(crate) vaults: Vaults,
}

/// The connections of the writers: for visits; for uses of tokens and for signatures, which take turns;
/// and how many there are.
fn wires(connector: &Connector, pool_size: u32) -> (Vec<WireSlot>, WireSlot, u32) {
    let wire = || WireSlot::new(connector.clone());
    match (&connector.url, pool_size) {
        // SQLite lets one write at a time anyway, and what one has in its cache is of use to the
        // other.
        (DatabaseUrl::Sqlite(_), _) | (DatabaseUrl::Postgres(_), ..4) => {
            let one = wire();
            (vec![one.clone()], one, 1)
        }
        (DatabaseUrl::Postgres(_), 4..8) => (vec![wire()], wire(), 2),
        // Under load one plans visits while the other waits for its commit.
        (DatabaseUrl::Postgres(_), 8..) => (vec![wire(), wire()], wire(), 3),
    }
}

/// Why a database cannot be opened. That it cannot be reached is no reason.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL.
    #[error(transparent)]
    Url(#[from] UnknownDatabaseUrl),
    /// The operating system gives no threads.
    #[error("the threads that use the database cannot be started")]
    Threads(#[from] std::io::Error),
}

impl Database {
    /// Opens the database. Connections are made when they are needed.
    ///
    /// On PostgreSQL the writers have three of `pool_size` connections: two for logins, of which
    /// the second is opened under load, and one for uses of tokens and for signatures; with less
    /// than 8, one for each of the two; with less than 4, one for both, as on SQLite.
    pub fn open(options: DatabaseOptions) -> Result<Self, OpenError> {
        let DatabaseOptions {
            url,
            pool_size,
            acquire_timeout,
            timeout,
            master_keys,
            queue_capacity,
        } = options;
        let connector = Connector {
            url: DatabaseUrl::parse(&url)?,
            acquire_timeout,
            timeout,
        };
        let watch = Watch::start(timeout)?;
        let writers = Arc::<WritersFirst>::default();
        let (for_visits, others, count) = wires(&connector, pool_size);
        let pool_size = pool_size.saturating_sub(count);
        let lanes = LaneOptions {
            capacity: queue_capacity,
            watch: watch.clone(),
            writers: Arc::clone(&writers),
            is_first: true,
        };
        let vaults = Vaults::new(&master_keys);
        let visits = Visits {
            vault: Arc::clone(&vaults.session_keys),
            stored_keys: Arc::clone(&vaults.stored_keys),
        };
        let others = || vec![others.clone()];
        Ok(Self {
            visits: Arc::new(GroupCommit::start(&visits, for_visits, &lanes)?),
            token_uses: Arc::new(GroupCommit::start(&TokenUses, others(), &lanes)?),
            signatories: Arc::new(GroupCommit::start(&Signatories, others(), &lanes)?),
            audit_entries: Arc::new(GroupCommit::start(&AuditEntries, others(), &lanes)?),
            pool: Pool::new(connector, watch, pool_size, writers),
            vaults,
        })
    }

    /// Opens the connections of the writers now, before those of the pool, and holds them: a
    /// server or a role that gives fewer connections than there could be still has logins.
    pub fn hold_writers(&self) {
        self.visits.hold();
        self.token_uses.hold();
    }

    /// Looks at what would make the service unreliable although everything seems to work: the
    /// language of a server's messages, poolers and proxies in between.
    pub async fn examine(&self) -> StoreResult<Vec<Finding>> {
        Ok(self.pool.run_in_time(examination::examine).await?)
    }

    /// Tries what the service needs to be allowed to do, and leaves nothing behind. The schema must
    /// be the newest.
    ///
    /// # Errors
    /// [`RepositoryError`](domain::ports::RepositoryError), whose source says what is missing.
    pub async fn rehearse(&self) -> StoreResult<()> {
        Ok(self.pool.run(privileges::rehearse).await?)
    }

    /// Tries whether the role may run migrations.
    ///
    /// # Errors
    /// [`RepositoryError`](domain::ports::RepositoryError), whose source says what is missing.
    pub async fn may_migrate(&self) -> StoreResult<()> {
        Ok(self.pool.run(privileges::may_migrate).await?)
    }

    /// Whether all migrations have been run.
    pub async fn is_newest(&self) -> StoreResult<bool> {
        Ok(self.pool.run(migrations::is_newest).await?)
    }

    /// Brings the database to the newest schema. Two processes may do so at once. Gives the
    /// migrations that were run.
    pub async fn migrate(&self) -> Result<Vec<String>, MigrateError> {
        Ok(self.pool.run_apart(migrations::run).await?)
    }

    /// Whether the SQLite database in `file` holds anything that is sealed. `false` if there is no such
    /// file or it has not been migrated.
    pub fn sqlite_file_holds_secrets(file: &Path) -> StoreResult<bool> {
        Ok(sqlite_file::holds_secrets(file)?)
    }

    /// Runs `work` on a connection, for a port.
    pub(crate) async fn call<T: Send + 'static>(&self, work: impl Work<T>) -> StoreResult<T> {
        Ok(self.pool.run(work).await?)
    }

    /// The same for one statement, which is repeated if another transaction is in its way.
    pub(crate) async fn repeat<T: Send + 'static>(&self, work: impl Work<T>) -> StoreResult<T> {
        self.call(move |connection| repeated(connection, &work))
            .await
    }

    /// The same in a transaction.
    pub(crate) async fn transact<T: Send + 'static>(&self, work: impl Work<T>) -> StoreResult<T> {
        Ok(self.pool.transact(work).await?)
    }

    /// A reader of the feed of changes. It remembers when it last cleaned the feed.
    pub fn changes(&self) -> impl ChangeFeed + Clone + use<> {
        DieselChangeFeed::new(self.pool.clone())
    }

    /// A probe of whether the database accepts writes. It remembers when it last wrote.
    pub fn readiness(&self) -> impl ReadinessProbe + Clone + use<> {
        DieselReadinessProbe::new(self.clone())
    }

    /// How busy it is.
    pub fn statistics(&self) -> Statistics {
        Statistics {
            pool: Arc::new(self.pool.uses()),
            queues: [
                (Visits::NAME, self.visits.counts()),
                (TokenUses::NAME, self.token_uses.counts()),
                (Signatories::NAME, self.signatories.counts()),
                (AuditEntries::NAME, self.audit_entries.counts()),
            ],
        }
    }
}

/// Gives the database as one of the ports of the domain, without its other methods.
macro_rules! ports {
    ($($name:ident: $port:ident,)*) => {
        impl Database {
            $(
                #[doc = concat!("The database as [`", stringify!($port), "`](domain::ports::", stringify!($port), ").")]
                pub fn $name(&self) -> impl $port + Clone + use<> {
                    self.clone()
                }
            )*
        }
    };
}

ports! {
    users: UserRepository,
    sessions: SessionRepository,
    lifecycle: SessionLifecycle,
    accounts: AccountRepository,
    merges: MergeRepository,
    bans: BanRepository,
    phone_lookups: PhoneLookups,
    replaced_avatars: ReplacedAvatars,
    audit: AuditLog,
    signatories: SignatoryRepository,
    signing_keys: SigningKeyRepository,
    wechat_tokens: WechatTokenRepository,
    push_outbox: PushOutbox,
    clock: StoreClock,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").finish_non_exhaustive()
    }
}
