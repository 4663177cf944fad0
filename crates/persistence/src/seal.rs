//! Encryption of the secrets in the database.
//!
//! A sealed secret is `version (1) ‖ key id (8) ‖ nonce (12) ‖ AES-256-GCM ciphertext and tag`.
//! The key is derived by HKDF-SHA256 (RFC 5869) in three steps: master key → the purpose's key →
//! the key of one context, such as one identity. So nothing that is sealed for one purpose or
//! context opens for another, and random nonces never come near the limit of one key
//! (NIST SP 800-38D, 8.3), however many secrets there are. Header and context are authenticated
//! as well.

mod master_keys;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit, Nonce};
use hkdf::Hkdf;
use parking_lot::RwLock;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::error::{DatabaseError, DbResult};
use crate::key_ring::SessionKeyVault;
use crate::stored_keys::{self, StoredKeys};
use crate::{push_outbox, signing_keys, wechat_tokens};
use master_keys::{Key, KeyId, NamedKey};
pub use master_keys::{MasterKeyError, MasterKeys};

const VERSION: u8 = 1;
const HEADER_LENGTH: usize = 1 + size_of::<KeyId>();
const NONCE_LENGTH: usize = 12;

/// Seals and opens for one purpose. The first master key seals; all of them open.
pub(crate) struct Vault {
    sealing: NamedKey,
    others: Vec<NamedKey>,
    is_wrong: Arc<AtomicBool>,
    has_alerted: AtomicBool,
}

/// What seals each kind of secret.
#[derive(Clone)]
pub(crate) struct Vaults {
    pub(crate) session_keys: Arc<SessionKeyVault>,
    pub(crate) signing_keys: Arc<Vault>,
    pub(crate) wechat_tokens: Arc<Vault>,
    pub(crate) push_messages: Arc<Vault>,
    pub(crate) stored_keys: Arc<StoredKeys>,
}

impl Vaults {
    pub(crate) fn new(keys: &MasterKeys) -> Self {
        let session_keys = Arc::new(SessionKeyVault::new(keys));
        let signing_keys = Arc::new(Vault::new(keys, signing_keys::PURPOSE));
        Self {
            session_keys: Arc::clone(&session_keys),
            signing_keys: Arc::clone(&signing_keys),
            wechat_tokens: Arc::new(Vault::new(keys, wechat_tokens::PURPOSE)),
            push_messages: Arc::new(Vault::new(keys, push_outbox::PURPOSE)),
            stored_keys: Arc::new(StoredKeys {
                vault: Vault::new(keys, stored_keys::PURPOSE),
                session_keys,
                signing_keys,
                known: RwLock::default(),
            }),
        }
    }
}

/// A secret that is to be sealed anew does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a stored secret does not open with the configured master keys")]
pub(crate) struct DoesNotOpen;

impl Vault {
    /// A vault for `purpose`, a word that no other kind of secret uses.
    pub(crate) fn new(keys: &MasterKeys, purpose: &str) -> Self {
        let purpose_key = |master: &NamedKey| NamedKey {
            id: master.id,
            key: derive(&master.key, &[b"wxlogin seal v1", purpose.as_bytes()]),
        };
        Self {
            sealing: purpose_key(&keys.first),
            others: keys.others.iter().map(purpose_key).collect(),
            is_wrong: Arc::clone(&keys.are_wrong),
            has_alerted: AtomicBool::new(false),
        }
    }

    /// Notes for all vaults whether the master keys are those of the database.
    pub(crate) fn set_wrong(&self, is_wrong: bool) {
        self.is_wrong.store(is_wrong, Ordering::Relaxed);
    }

    /// Fails if the master keys are not those of the database, as far as is known.
    pub(crate) fn check(&self) -> DbResult<()> {
        if self.is_wrong.load(Ordering::Relaxed) {
            return Err(DatabaseError::wrong_master_key());
        }
        Ok(())
    }

    /// Logs that a stored secret does not open, which affects only its owner. The
    /// first time it is an alert: a lost master key would otherwise raise one with each request.
    pub(crate) fn report_lost(&self, what: &str) {
        if self.has_alerted.swap(true, Ordering::Relaxed) {
            tracing::debug!(what, "a stored secret does not open and is skipped");
            return;
        }
        tracing::error!(
            what,
            alert = true,
            action = "If a master key was taken out of master_key before `wxlogin keys rewrap` was done, put it \
                      back; if it is lost, or the row was changed by hand, there is nothing to do.",
            "a stored secret does not open and is skipped; further ones are logged at debug"
        );
    }

    /// Seals `secret`. It opens only for the same `context`. Master keys that are not those of the
    /// database seal nothing.
    pub(crate) fn seal(&self, context: &[&[u8]], secret: &[u8]) -> DbResult<Vec<u8>> {
        self.check()?;
        let nonce: [u8; NONCE_LENGTH] = rand::random();
        let mut sealed = Vec::with_capacity(HEADER_LENGTH + NONCE_LENGTH + secret.len() + 16);
        sealed.push(VERSION);
        sealed.extend_from_slice(&self.sealing.id);
        let payload = Payload {
            msg: secret,
            aad: &associated_data(&sealed, context),
        };
        let cipher = self.sealing.cipher(context);
        let ciphertext = cipher.encrypt(&Nonce::from(nonce), payload);
        let ciphertext = ciphertext.map_err(|_| DatabaseError::nonsense("sealing failed"))?;
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&ciphertext);
        Ok(sealed)
    }

    /// Seals under the first master key what is sealed under another. `None` if it already is.
    pub(crate) fn rewrap(
        &self,
        context: &[&[u8]],
        sealed: &[u8],
    ) -> Result<Option<Vec<u8>>, DoesNotOpen> {
        let secret = self.open(context, sealed).ok_or(DoesNotOpen)?;
        if sealed.get(1..HEADER_LENGTH) == Some(self.sealing.id.as_slice()) {
            return Ok(None);
        }
        let rewrapped = self.seal(context, &secret);
        rewrapped.map(Some).map_err(|_| DoesNotOpen)
    }

    /// `None` if its master key is not configured, or it was changed or moved.
    pub(crate) fn open(&self, context: &[&[u8]], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (header, rest) = sealed.split_at_checked(HEADER_LENGTH)?;
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE_LENGTH>()?;
        let (version, master) = header.split_first()?;
        let mut keys = std::iter::once(&self.sealing).chain(&self.others);
        let key = keys.find(|key| key.id == *master && *version == VERSION)?;
        let payload = Payload {
            msg: ciphertext,
            aad: &associated_data(header, context),
        };
        let opened = key.cipher(context).decrypt(&Nonce::from(*nonce), payload);
        opened.map(Zeroizing::new).ok()
    }
}

impl NamedKey {
    fn cipher(&self, context: &[&[u8]]) -> Aes256Gcm {
        let key = derive(&self.key, context);
        Aes256Gcm::new((&*key).into())
    }
}

/// A key of a key, or a keyed hash (HKDF-Expand is HMAC-SHA256 for 32 bytes). The parts are told
/// apart by their lengths.
#[expect(
    clippy::expect_used,
    reason = "both lengths are constants that HKDF-SHA256 takes; a key of zeros must never leave here"
)]
pub(crate) fn derive(key: &Key, parts: &[&[u8]]) -> Key {
    let mut derived = Key::default();
    Hkdf::<Sha256>::from_prk(key.as_slice())
        .expect("a key of 32 bytes is long enough")
        .expand(&joined(parts), derived.as_mut_slice())
        .expect("32 bytes are not too many to ask for");
    derived
}

fn associated_data(header: &[u8], context: &[&[u8]]) -> Vec<u8> {
    [header, &joined(context)].concat()
}

fn joined(parts: &[&[u8]]) -> Vec<u8> {
    let mut joined = Vec::new();
    for part in parts {
        joined.extend_from_slice(&(part.len() as u64).to_be_bytes());
        joined.extend_from_slice(part);
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;
    use master_keys::tests::keys;

    const CONTEXT: [&[u8]; 2] = [b"wx01", b"o1"];

    fn sealed() -> (Vault, Vec<u8>) {
        let vault = Vault::new(&keys(&[1]), "test");
        let sealed = vault.seal(&CONTEXT, b"secret").unwrap();
        (vault, sealed)
    }

    #[test]
    fn what_is_sealed_opens_again() {
        let (vault, sealed) = sealed();
        assert_eq!(vault.open(&CONTEXT, &sealed).unwrap().as_slice(), b"secret");
    }

    #[test]
    fn what_is_sealed_twice_looks_different_and_never_like_itself() {
        let (vault, one) = sealed();
        assert_ne!(one, vault.seal(&CONTEXT, b"secret").unwrap());
        assert!(!one.windows(6).any(|window| window == b"secret"));
    }

    #[test]
    fn nothing_opens_in_another_context_or_for_another_purpose() {
        let (vault, sealed) = sealed();
        for context in [
            [b"wx01".as_slice(), b"o2"],
            [b"wx02", b"o1"],
            [b"wx0", b"1o1"],
        ] {
            assert_eq!(vault.open(&context, &sealed), None);
        }
        let other = Vault::new(&keys(&[1]), "other");
        assert_eq!(other.open(&CONTEXT, &sealed), None);
    }

    #[test]
    fn no_changed_byte_goes_unnoticed() {
        let (vault, sealed) = sealed();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            for damaged in [&changed, &sealed[..at]] {
                let opened = vault.open(&CONTEXT, damaged);
                assert_eq!(opened, None, "{} bytes, at {at}", damaged.len());
            }
        }
    }

    #[test]
    fn the_first_master_key_seals_and_all_open() {
        let old = Vault::new(&keys(&[1]), "test");
        let both = Vault::new(&keys(&[2, 1]), "test");
        let new = Vault::new(&keys(&[2]), "test");
        let sealed_before = old.seal(&CONTEXT, b"before").unwrap();
        let sealed_after = both.seal(&CONTEXT, b"after").unwrap();
        assert!(both.open(&CONTEXT, &sealed_before).is_some());
        assert!(new.open(&CONTEXT, &sealed_after).is_some());
        assert_eq!(old.open(&CONTEXT, &sealed_after), None);
        assert_eq!(new.open(&CONTEXT, &sealed_before), None);
    }
}
