//! Opens the stores of users, sessions and pictures.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use avatars::ObjectAvatarStore;
use domain::ports::{AvatarStore, Clock};
use persistence::Database;

use crate::session_memory::{SessionMemory, StorePorts};
use crate::settings::Settings;

/// The pictures that users upload. Without `avatars.public_url` this service shows them.
pub(super) fn avatar_store(
    settings: &Settings,
    listening: SocketAddr,
) -> anyhow::Result<Arc<dyn AvatarStore>> {
    let avatars = &settings.avatars;
    let own = || format!("http://{listening}/avatars");
    let public_url = avatars.public_url.as_ref().map(|url| url.0.to_string());
    let store = ObjectAvatarStore::open(&avatars.url, &public_url.unwrap_or_else(own))
        .context("avatars.url")?;
    Ok(Arc::new(store))
}

/// The ports of the store with a memory in front, which listens to the other replicas.
pub(super) fn remembering_store(database: &Database, machine: Arc<dyn Clock>) -> StorePorts {
    let memory = Arc::new(SessionMemory::new(Arc::new(database.changes()), machine));
    tokio::spawn(SessionMemory::listen(Arc::downgrade(&memory)));
    let store = StorePorts {
        users: Arc::new(database.users()),
        sessions: Arc::new(database.sessions()),
        lifecycle: Arc::new(database.lifecycle()),
        accounts: Arc::new(database.accounts()),
        merges: Arc::new(database.merges()),
    };
    store.remembered_by(&memory)
}
