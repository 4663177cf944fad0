//! Fakes of the ports and contract suites for their adapters, for tests only.

mod fixed_clock;
mod in_memory_store;
mod joined_phone_numbers;
mod plain_tokens;
pub mod repository_contract;
mod scripted_exchanger;
mod trusting_opener;

pub use fixed_clock::FixedClock;
pub use in_memory_store::InMemoryStore;
pub use joined_phone_numbers::JoinedPhoneNumbers;
pub use plain_tokens::PlainTokens;
pub use scripted_exchanger::{ScriptedExchanger, wechat_error};
pub use trusting_opener::TrustingOpener;
