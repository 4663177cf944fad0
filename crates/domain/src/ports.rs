//! What the use cases, and the program around them, need from outside, by subject. Each trait
//! says what an adapter MUST do. The `testing` feature has a fake of each port that a use case needs,
//! and contract suites, which every adapter and fake runs. [`ChangeFeed`], [`ReadinessProbe`],
//! [`SigningKeyRepository`], [`StoreClock`], [`WechatTokenRepository`] and [`WechatTokenSource`] are
//! needed by the program alone.
//!
//! Ports are `Send + Sync` and dyn-compatible, so that the composition root hands them round as
//! `Arc<dyn Port>`. A port that does not wait is not async. A function without state is no port: a use
//! case has it as a field.

mod avatars;
mod change_feed;
mod clock;
mod open_data_opener;
mod push;
mod readiness;
mod sessions;
mod support;
mod tokens;
mod users;
mod wechat;

pub use avatars::*;
pub use change_feed::*;
pub use clock::*;
pub use open_data_opener::*;
pub use push::*;
pub use readiness::*;
pub use sessions::*;
pub use support::*;
pub use tokens::*;
pub use users::*;
pub use wechat::*;

/// The cause of an adapter's error, for the log.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

pub type StoreResult<T> = Result<T, RepositoryError>;

/// A failed repository call. Nothing was stored, unless the connection broke while the commit
/// was under way.
#[derive(Debug, thiserror::Error)]
pub enum RepositoryError {
    /// The database cannot be reached or used: again later.
    #[error("the database is not available")]
    Unavailable(#[source] Cause),
    /// More is waiting to be stored than is sensible: again later.
    #[error("too many writes are waiting for the database")]
    Overloaded,
    /// The configured master keys are not those of this database. Nothing is sealed with them.
    #[error(
        "master_key does not open what is stored in this database: configure the key that sealed it \
         (if it is lost for good, `wxlogin keys reset --everything-sealed-is-lost`)"
    )]
    WrongMasterKey,
    /// A bug: a constraint broken, a row that makes no sense.
    #[error("the database refused the operation")]
    Internal(#[source] Cause),
}
