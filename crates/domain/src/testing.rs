//! Fakes of the ports and contract suites for their adapters, for tests only.

mod fixed_clock;
mod plain_tokens;
mod scripted_exchanger;
mod trusting_opener;

pub use fixed_clock::FixedClock;
pub use plain_tokens::PlainTokens;
pub use scripted_exchanger::ScriptedExchanger;
pub use trusting_opener::TrustingOpener;
