//! What the use cases need from outside, one trait a file. Each file says what an adapter MUST
//! do; the `testing` feature has a fake and, where an adapter can get it wrong, a contract suite
//! that every adapter and the fake run.
//!
//! Ports are `Send + Sync` and dyn-compatible, so that the composition root hands them round as
//! `Arc<dyn Port>`. A port that does not wait is not async.

mod clock;
mod code_exchanger;
mod open_data_opener;
mod readiness;
mod repository_error;
mod session_repository;
mod token_issuer;
mod user_repository;

pub use clock::Clock;
pub use code_exchanger::{CodeExchanger, ExchangeError, WechatSession};
pub use open_data_opener::{OpenDataError, OpenDataOpener};
pub use readiness::{NotReady, ReadinessProbe};
pub use repository_error::RepositoryError;
pub use session_repository::SessionRepository;
pub use token_issuer::{AccessGrant, AccessTokenError, TokenIssueError, TokenIssuer, TokenPair};
pub use user_repository::UserRepository;

/// The cause of an adapter's error, for the log.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;
