//! The repositories on real databases.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what fails in a helper has failed its test"
)]

mod audit_entries;
mod bans;
mod change_feed;
mod columns;
mod contract;
mod durability;
mod fitness;
mod housekeeping;
mod lives;
mod lost_answers;
mod many_sessions;
mod migrations;
mod outages;
mod phone_lookups;
mod properties;
mod proxy;
mod push_outbox;
mod queue;
mod refreshes;
mod replaced_avatars;
mod replicas;
mod rewrap;
mod role;
mod scarcity;
mod secrets;
mod statistics;
mod store;
