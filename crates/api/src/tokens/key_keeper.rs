//! Keeps the issuer's keys those of the database.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use domain::ports::{Clock, SigningKeyRepository, StoredSigningKey};
use zeroize::Zeroizing;

use super::{JwtTokenIssuer, KeyRing, SigningKey};

/// How often the keys are read: often enough that every replica knows a new key before any signs
/// with it.
const EVERY: Duration = Duration::from_secs(8);

/// How often, while there are none because the database is away.
const EVERY_WITHOUT: Duration = Duration::from_millis(500);

/// Reads the keys from the database, again and again; makes the first one.
pub struct KeyKeeper {
    /// Where the keys are kept.
    pub repository: Arc<dyn SigningKeyRepository>,
    /// Who gets them.
    pub issuer: Arc<JwtTokenIssuer>,
    /// Time and ids.
    pub clock: Arc<dyn Clock>,
}

impl KeyKeeper {
    /// Reads the keys once.
    ///
    /// # Errors
    /// If the database does not answer, or a key is broken.
    pub async fn read(&self) -> anyhow::Result<()> {
        let mut stored = self.repository.all().await?;
        if stored.is_empty() {
            self.repository.store_first(new_key(&*self.clock)).await?;
            stored = self.repository.all().await?;
        }
        let keys = stored
            .iter()
            .map(SigningKey::new)
            .collect::<Result<Vec<_>, _>>();
        self.issuer
            .set_keys(KeyRing::new(keys.context("a signing key is broken")?));
        Ok(())
    }

    /// Reads the keys for as long as the service runs.
    pub async fn keep(self) {
        loop {
            let has_keys = !self.issuer.keys().is_empty();
            self.clock
                .wait(if has_keys { EVERY } else { EVERY_WITHOUT })
                .await;
            if let Err(error) = self.read().await {
                // With keys at hand the service goes on; without, every answer says so.
                tracing::debug!(
                    error = format!("{error:#}"),
                    "the signing keys could not be read"
                );
            }
        }
    }
}

/// A key nobody has yet.
#[must_use]
pub fn new_key(clock: &dyn Clock) -> StoredSigningKey {
    StoredSigningKey {
        id: clock.new_id(),
        seed: Zeroizing::new(rand::random()),
        created_at: clock.now(),
    }
}
