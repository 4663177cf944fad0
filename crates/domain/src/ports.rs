//! What the use cases, and the program around them, need from outside, by subject. Each trait
//! says what an adapter MUST do. The `testing` feature has a fake of each port that a use case needs,
//! and contract suites, which every adapter and fake runs. [`ChangeFeed`], [`ReadinessProbe`],
//! [`SigningKeyRepository`], [`StoreClock`], [`WechatTokenRepository`] and [`WechatTokenSource`] are
//! needed by the program alone.
//!
//! Ports are `Send + Sync` and dyn-compatible, so that the composition root hands them round as
//! `Arc<dyn Port>`. A port that does not wait is not async. A function without state is no port: a use
//! case has it as a field.

mod avatar_store;
mod change_feed;
mod clock;
mod code_exchanger;
mod open_data_opener;
mod push_outbox;
mod push_target;
mod readiness;
mod replaced_avatars;
mod repository_error;
mod sessions;
mod signing_key_repository;
mod store_clock;
mod support;
mod token_issuer;
mod users;
mod wechat_api_error;
mod wechat_token_repository;
mod wechat_token_source;
mod wechat_user_api;

pub use avatar_store::{AvatarError, AvatarStore, CleanAvatar, StoredAvatar};
pub use change_feed::{Change, ChangeFeed, FeedPosition, News};
pub use clock::Clock;
pub use code_exchanger::{CodeExchanger, WechatSession};
pub use open_data_opener::{OpenDataError, OpenDataOpener};
pub use push_outbox::PushOutbox;
pub use push_target::{PushFailure, PushTarget};
pub use readiness::{NotReady, ReadinessProbe};
pub use replaced_avatars::{ReplacedAvatar, ReplacedAvatars};
pub use repository_error::{RepositoryError, StoreResult};
pub use sessions::{GenerationUse, SessionLifecycle, SessionRepository, TokenUse};
pub use signing_key_repository::{
    SigningAlgorithm, SigningKeyRepository, SigningSecret, StoredSigningKey,
};
pub use store_clock::StoreClock;
pub use support::{AuditLog, BanRepository, MergeCandidate, MergeOutcome, MergeRepository};
pub use token_issuer::{
    AccessGrant, SessionGrant, TokenError, TokenIssueError, TokenIssuer, TokenPair,
};
pub use users::{AccountRepository, PhoneLookups, SignatoryRepository, UserRepository};
pub use wechat_api_error::{WechatApiError, WechatFailure};
pub use wechat_token_repository::{StoredWechatToken, WechatTokenRepository};
pub use wechat_token_source::WechatTokenSource;
pub use wechat_user_api::WechatUserApi;

/// The cause of an adapter's error, for the log.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;
