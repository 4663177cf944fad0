//! Fakes of the ports and contract suites for their adapters, for tests only.

mod fixed_clock;
mod in_memory_avatars;
mod in_memory_outbox;
mod in_memory_store;
mod plain_tokens;
pub mod repository_contract;
mod scripted_target;
mod scripted_wechat;
pub mod signing_key_contract;

pub use fixed_clock::FixedClock;
pub use in_memory_avatars::InMemoryAvatars;
pub use in_memory_outbox::InMemoryOutbox;
pub use in_memory_store::InMemoryStore;
pub use plain_tokens::PlainTokens;
pub use scripted_target::ScriptedTarget;
pub use scripted_wechat::{ScriptedExchanger, ScriptedUserApi, TrustingOpener, wechat_error};
