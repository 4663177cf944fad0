//! The repositories on real databases.

mod contract;
mod store;
