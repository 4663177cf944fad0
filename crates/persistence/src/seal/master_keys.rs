//! The configured master keys.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::derive;

/// A key's name in what it sealed. It tells nothing about the key.
pub(crate) type KeyId = [u8; 8];
/// A key, wiped from memory when dropped.
pub(crate) type Key = Zeroizing<[u8; 32]>;

/// The keys under which all stored secrets are sealed: the first seals, all of them open.
pub struct MasterKeys {
    pub(super) first: NamedKey,
    pub(super) others: Vec<NamedKey>,
    /// Whether they were found not to be those of the database. While they are not, no vault of theirs
    /// seals.
    pub(super) are_wrong: Arc<AtomicBool>,
}

/// A key with its name.
pub(crate) struct NamedKey {
    pub(super) id: KeyId,
    pub(super) key: Key,
}

/// A configured master key is not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MasterKeyError {
    /// There is none.
    #[error("there must be at least one master key: make one with `openssl rand -base64 32`")]
    Missing,
    /// The key at this place in the list (from 1) does not have the right form.
    #[error("master key {0} is not 32 bytes in base64: make one with `openssl rand -base64 32`")]
    Malformed(usize),
}

impl MasterKeys {
    /// Takes keys of 32 random bytes.
    pub fn new(first: Zeroizing<[u8; 32]>, others: Vec<Zeroizing<[u8; 32]>>) -> Self {
        Self {
            first: NamedKey::master(first),
            others: others.into_iter().map(NamedKey::master).collect(),
            are_wrong: Arc::default(),
        }
    }

    /// Takes keys in base64, as they stand in the configuration. White space around a key, such
    /// as the end of the line in a file, does not count.
    ///
    /// # Errors
    /// [`MasterKeyError`]. It names the key by its place, never by its value.
    pub fn from_base64(keys: &[SecretString]) -> Result<Self, MasterKeyError> {
        let mut decoded = keys.iter().enumerate().map(|(index, key)| {
            let malformed = MasterKeyError::Malformed(index + 1);
            let bytes = STANDARD
                .decode(key.expose_secret().trim())
                .map(Zeroizing::new)
                .map_err(|_| malformed)?;
            let bytes: &[u8; 32] = bytes.as_slice().try_into().map_err(|_| malformed)?;
            Ok(Zeroizing::new(*bytes))
        });
        let first = decoded.next().ok_or(MasterKeyError::Missing)??;
        Ok(Self::new(first, decoded.collect::<Result<_, _>>()?))
    }
}

impl NamedKey {
    fn master(key: Key) -> Self {
        let derived = derive(&key, &[b"wxlogin master key id v1"]);
        let id = derived.first_chunk().copied().unwrap_or_default();
        Self { id, key }
    }
}

impl std::fmt::Debug for MasterKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MasterKeys({} keys)", 1 + self.others.len())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Keys that consist of one byte each.
    pub(crate) fn keys(bytes: &[u8]) -> MasterKeys {
        let mut keys = bytes.iter().map(|byte| Zeroizing::new([*byte; 32]));
        MasterKeys::new(keys.next().unwrap(), keys.collect())
    }

    fn from_base64(texts: &[&str]) -> Result<MasterKeys, MasterKeyError> {
        let texts: Vec<_> = texts.iter().map(|text| SecretString::from(*text)).collect();
        MasterKeys::from_base64(&texts)
    }

    #[test]
    fn a_key_of_the_wrong_form_is_named_by_its_place() {
        let good = STANDARD.encode([7; 32]);
        assert!(from_base64(&[&good, &format!(" {good}\n")]).is_ok());
        assert_eq!(from_base64(&[]).unwrap_err(), MasterKeyError::Missing);
        for bad in [
            "",
            "geheim",
            &STANDARD.encode([7; 31]),
            &STANDARD.encode([7; 33]),
        ] {
            let error = from_base64(&[&good, bad]).unwrap_err();
            assert_eq!(error, MasterKeyError::Malformed(2));
        }
    }

    #[test]
    fn debug_does_not_show_a_key() {
        assert_eq!(format!("{:?}", keys(&[1, 2])), "MasterKeys(2 keys)");
    }
}
