//! Keeps the keys of the issuer equal to those of the database.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use domain::ports::{
    Clock, RepositoryError, SigningAlgorithm, SigningKeyRepository, SigningSecret, StoredSigningKey,
};
use uuid::Uuid;

use super::succession::{self, Candidate, EVERY};
use super::{JwtTokenIssuer, LiveKeys, SigningKey, new_secret};

/// How often, while there are none because the database is away or the master key is wrong.
const EVERY_WITHOUT: Duration = Duration::from_millis(500);

/// How often the use of a key is noted.
const NOTED_EVERY: Duration = Duration::from_hours(1);

/// How much longer than a token lives a key is kept, because its use is noted only so often.
pub(crate) const KEPT_LONGER: Duration = Duration::from_hours(2);

/// Reads the keys from the database, again and again; makes the first one.
pub(crate) struct KeyKeeper {
    repository: Arc<dyn SigningKeyRepository>,
    issuer: Arc<JwtTokenIssuer>,
    clock: Arc<dyn Clock>,
    algorithm: SigningAlgorithm,
    known: HashMap<Uuid, Known>,
    /// The key whose use was noted last, and when.
    noted: Option<(Uuid, Instant)>,
    is_master_key_wrong: bool,
}

struct Known {
    /// `None` for one that is no key.
    key: Option<Arc<SigningKey>>,
    /// When this process began to publish it. `None` for a key that was there at the first reading.
    since: Option<Instant>,
}

impl KeyKeeper {
    /// A keeper of `issuer`'s keys, which sign with `algorithm`.
    pub(crate) fn new(
        repository: Arc<dyn SigningKeyRepository>,
        issuer: Arc<JwtTokenIssuer>,
        clock: Arc<dyn Clock>,
        algorithm: SigningAlgorithm,
    ) -> Self {
        Self {
            repository,
            issuer,
            clock,
            algorithm,
            known: HashMap::new(),
            noted: None,
            is_master_key_wrong: false,
        }
    }

    /// Reads the keys once. Gives when they should be read again.
    ///
    /// With master keys that are not those of the database the issuer has no keys, so that no code is
    /// spent and nothing is sealed; that is logged once.
    pub(crate) async fn read(&mut self) -> anyhow::Result<Duration> {
        match self.stored().await {
            Ok(stored) => {
                if std::mem::take(&mut self.is_master_key_wrong) {
                    tracing::info!("master_key opens what is stored: the service goes on");
                }
                Ok(self.take(&stored).await)
            }
            Err(error) => {
                let is_wrong = matches!(
                    error.downcast_ref::<RepositoryError>(),
                    Some(RepositoryError::WrongMasterKey)
                );
                if !is_wrong {
                    return Err(error);
                }
                self.known.clear();
                self.issuer.set_keys(LiveKeys::default());
                if !std::mem::replace(&mut self.is_master_key_wrong, true) {
                    tracing::error!(
                        alert = true,
                        action =
                            "Give this service the master key of this database, and restart it.",
                        "{error:#}; logins fail, and the service is not ready"
                    );
                }
                Ok(EVERY_WITHOUT)
            }
        }
    }

    /// Reads the keys for as long as the service runs.
    pub(crate) async fn keep(mut self, first: Duration) {
        let mut pause = first;
        loop {
            self.clock.wait(pause).await;
            pause = self.read().await.unwrap_or_else(|error| {
                // With keys at hand the service goes on; without, every answer says so.
                tracing::debug!(
                    error = format!("{error:#}"),
                    "the signing keys could not be read"
                );
                self.pause_after_failure()
            });
        }
    }

    /// How long to wait after a reading that failed.
    pub(crate) fn pause_after_failure(&self) -> Duration {
        if self.issuer.keys().is_empty() {
            EVERY_WITHOUT
        } else {
            EVERY
        }
    }

    /// The stored keys; one of the configured algorithm is made if there is none.
    async fn stored(&self) -> anyhow::Result<Vec<StoredSigningKey>> {
        let stored = self.repository.all().await?;
        let is_ours = |key: &StoredSigningKey| key.secret.algorithm == self.algorithm;
        if stored.iter().any(is_ours) {
            return Ok(stored);
        }
        let (algorithm, clock) = (self.algorithm, Arc::clone(&self.clock));
        let secret = tokio::task::spawn_blocking(move || new_secret(algorithm, &*clock));
        let secret = secret.await?.context("a signing key cannot be made")?;
        self.repository.store_first(secret).await?;
        Ok(self.repository.all().await?)
    }

    /// Gives the issuer these keys. Gives when they should be read again.
    async fn take(&mut self, stored: &[StoredSigningKey]) -> Duration {
        let now = Instant::now();
        let since = (!self.known.is_empty()).then_some(now);
        let mut before = std::mem::take(&mut self.known);
        let (mut keys, mut candidates) = (Vec::new(), Vec::new());
        for StoredSigningKey { secret, age } in stored {
            let known = before.remove(&secret.id);
            let known = known.unwrap_or_else(|| Known::new(secret, since));
            if let Some(key) = &known.key {
                keys.push(Arc::clone(key));
                candidates.push(Candidate {
                    is_wanted: key.algorithm == self.algorithm,
                    age: *age,
                    published: known.since.map(|since| now.duration_since(since)),
                });
            }
            self.known.insert(secret.id, known);
        }
        let signing = succession::signing(&candidates).and_then(|index| keys.get(index).cloned());
        self.issuer.set_keys(LiveKeys::new(keys, signing.clone()));
        if let Some(signing) = signing {
            self.note_use(signing.stored_id, now).await;
        }
        succession::next_reading(&candidates)
    }

    /// Notes which key signs, so that it is not forgotten while tokens of it are alive.
    async fn note_use(&mut self, id: Uuid, now: Instant) {
        let is_noted =
            |(noted, at): (Uuid, Instant)| noted == id && now.duration_since(at) < NOTED_EVERY;
        if self.noted.is_some_and(is_noted) {
            return;
        }
        match self.repository.note_use(id).await {
            Ok(()) => self.noted = Some((id, now)),
            Err(error) => tracing::debug!(%error, "the use of a signing key could not be noted"),
        }
    }
}

impl Known {
    fn new(secret: &SigningSecret, since: Option<Instant>) -> Self {
        let key = SigningKey::new(secret);
        if let Err(error) = &key {
            tracing::error!(
                %error,
                key = %secret.id,
                alert = true,
                action = "Delete this row of signing_keys: it is no key.",
                "a signing key is broken and is skipped"
            );
        }
        Self {
            key: key.ok().map(Arc::new),
            since,
        }
    }
}
