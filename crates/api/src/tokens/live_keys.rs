//! All keys whose tokens may still be valid.

use std::sync::Arc;

use domain::ports::SigningAlgorithm;

use super::SigningKey;
use super::jwk::JwkSet;
use super::signing_key::KeyId;

/// The keys, the newest first, and which of them signs.
#[derive(Default)]
pub(crate) struct LiveKeys {
    keys: Vec<Arc<SigningKey>>,
    signing: Option<Arc<SigningKey>>,
}

impl LiveKeys {
    /// `keys` are the newest first.
    pub(crate) fn new(keys: Vec<Arc<SigningKey>>, signing: Option<Arc<SigningKey>>) -> Self {
        Self { keys, signing }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    pub(super) fn signing(&self) -> Option<&SigningKey> {
        self.signing.as_deref()
    }

    pub(super) fn has(&self, id: KeyId) -> bool {
        self.keys.iter().any(|key| key.id == id)
    }

    pub(super) fn find(&self, is_it: impl Fn(&SigningKey) -> bool) -> Option<&SigningKey> {
        self.keys.iter().map(|key| &**key).find(|key| is_it(key))
    }

    /// The public keys, for those who verify tokens offline.
    pub(crate) fn public(&self) -> JwkSet {
        let keys = self.keys.iter().map(|key| key.public.clone());
        JwkSet {
            keys: keys.collect(),
        }
    }

    /// The algorithms of the keys, each once; that of the key that signs comes first.
    pub(crate) fn algorithms(&self) -> Vec<SigningAlgorithm> {
        let mut algorithms = Vec::new();
        for key in self.signing.iter().chain(&self.keys) {
            if !algorithms.contains(&key.algorithm) {
                algorithms.push(key.algorithm);
            }
        }
        algorithms
    }
}
