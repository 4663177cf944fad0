//! The last session_keys of an identity, each encrypted separately.
//!
//! In the row they are one value: newest first, each with its length (two bytes) before it. What
//! is sealed is the instant WeChat gave the key (eight bytes, microseconds since 1970) and the
//! key. So a login adds a key without touching, or being able to open, the older ones.

use domain::id::{AppId, OpenId};
use domain::secret::SessionKey;
use domain::time::Timestamp;

use crate::error::DbResult;
use crate::seal::{MasterKeys, Vault};

/// How many session_keys of an identity are kept.
const CAPACITY: usize = 3;

/// Seals and opens session_keys, bound to their identity.
pub(crate) struct SessionKeyVault(Vault);

/// A ring as it is to stand in the row, and what became of its keys.
#[derive(Debug, Default)]
pub(crate) struct RewrappedRing {
    pub(crate) row: Vec<u8>,
    pub(crate) rewrapped: u64,
    /// How many do not open; they stay as they are.
    pub(crate) lost: u64,
}

/// The session_keys of one identity, newest first.
#[derive(Debug, Default)]
pub(crate) struct KeyRing {
    keys: Vec<KeptKey>,
    newest: Option<SessionKey>,
}

#[derive(Debug)]
enum KeptKey {
    Sealed(Vec<u8>),
    Fresh(SessionKey, Timestamp),
}

impl SessionKeyVault {
    pub(crate) fn new(keys: &MasterKeys) -> Self {
        Self(Vault::new(keys, "session_key"))
    }

    /// Opens the keys of a ring as it stands in the row, newest first. One that does not open is
    /// skipped: the others are as good as before. Fails if the master keys are not the database's.
    pub(crate) fn open_all(
        &self,
        app: &AppId,
        user: &OpenId,
        row: &[u8],
    ) -> DbResult<Vec<SessionKey>> {
        self.0.check()?;
        let sealed = split(row).into_iter();
        let opened = sealed.filter_map(|sealed| self.open_or_report(app, user, sealed));
        Ok(opened.collect())
    }

    /// Opens the newest key of a ring as it stands in the row. Fails as [`open_all`](Self::open_all).
    pub(crate) fn open_newest(
        &self,
        app: &AppId,
        user: &OpenId,
        row: &[u8],
    ) -> DbResult<Option<SessionKey>> {
        self.0.check()?;
        let sealed = split(row);
        let newest = sealed.first();
        Ok(newest.and_then(|sealed| self.open_or_report(app, user, sealed)))
    }

    pub(crate) fn opens_any(&self, app: &AppId, user: &OpenId, row: &[u8]) -> bool {
        let mut sealed = split(row).into_iter();
        sealed.any(|sealed| self.open(app, user, sealed).is_some())
    }

    fn open_or_report(&self, app: &AppId, user: &OpenId, sealed: &[u8]) -> Option<SessionKey> {
        let opened = self.open(app, user, sealed);
        if opened.is_none() {
            self.0.report_lost("session_key");
        }
        opened
    }

    /// Seals under the first master key those keys of a ring that are not.
    pub(crate) fn rewrap(&self, app: &AppId, user: &OpenId, row: &[u8]) -> RewrappedRing {
        let mut ring = RewrappedRing::default();
        for sealed in split(row) {
            let rewrapped = self.0.rewrap(&context(app, user), sealed);
            ring.lost += u64::from(rewrapped.is_err());
            let rewrapped = rewrapped.ok().flatten();
            ring.rewrapped += u64::from(rewrapped.is_some());
            push(&mut ring.row, rewrapped.as_deref().unwrap_or(sealed));
        }
        ring
    }

    fn seal(
        &self,
        app: &AppId,
        user: &OpenId,
        key: &SessionKey,
        at: Timestamp,
    ) -> DbResult<Vec<u8>> {
        let mut secret = zeroize::Zeroizing::new(at.as_microsecond().to_be_bytes().to_vec());
        // The exact size first: growing would leave a copy behind that is not wiped.
        secret.reserve_exact(key.expose().len());
        secret.extend_from_slice(key.expose().as_bytes());
        self.0.seal(&context(app, user), &secret)
    }

    fn open(&self, app: &AppId, user: &OpenId, sealed: &[u8]) -> Option<SessionKey> {
        let secret = self.0.open(&context(app, user), sealed)?;
        let (_at, key) = secret.split_first_chunk::<8>()?;
        std::str::from_utf8(key).ok().map(SessionKey::new)
    }
}

impl KeyRing {
    /// The ring as it stands in the row. If its newest key does not open, because a master key
    /// was taken away, the login goes on: the fresh key it brings is the one that matters.
    pub(crate) fn load(vault: &SessionKeyVault, app: &AppId, user: &OpenId, row: &[u8]) -> Self {
        let sealed = split(row);
        let newest = sealed.first();
        let newest = newest.and_then(|sealed| vault.open_or_report(app, user, sealed));
        let keys = sealed
            .into_iter()
            .map(|sealed| KeptKey::Sealed(sealed.to_vec()));
        Self {
            keys: keys.collect(),
            newest,
        }
    }

    /// Puts a key in front, unless it is there already.
    pub(crate) fn keep(&mut self, key: &SessionKey, at: Timestamp) {
        let is_newest = |newest: &SessionKey| newest.expose() == key.expose();
        if self.newest.as_ref().is_some_and(is_newest) {
            return;
        }
        self.newest = Some(key.clone());
        self.keys.insert(0, KeptKey::Fresh(key.clone(), at));
        self.keys.truncate(CAPACITY);
    }

    /// The ring as it stands in the row.
    pub(crate) fn to_row(
        &self,
        vault: &SessionKeyVault,
        app: &AppId,
        user: &OpenId,
    ) -> DbResult<Vec<u8>> {
        let mut row = Vec::with_capacity(256);
        for key in &self.keys {
            match key {
                KeptKey::Sealed(sealed) => push(&mut row, sealed),
                KeptKey::Fresh(key, at) => push(&mut row, &vault.seal(app, user, key, *at)?),
            }
        }
        Ok(row)
    }
}

fn context<'a>(app: &'a AppId, user: &'a OpenId) -> [&'a [u8]; 2] {
    [app.as_str().as_bytes(), user.as_str().as_bytes()]
}

fn push(row: &mut Vec<u8>, sealed: &[u8]) {
    // A session_key has 24 characters; one of 65 000 is none, and its own length would not fit.
    let length = u16::try_from(sealed.len()).unwrap_or(0);
    row.extend_from_slice(&length.to_be_bytes());
    row.extend_from_slice(sealed.get(..length.into()).unwrap_or_default());
}

fn split(mut row: &[u8]) -> Vec<&[u8]> {
    let mut parts = Vec::with_capacity(CAPACITY);
    while let Some((length, rest)) = row.split_first_chunk::<2>() {
        let length = usize::from(u16::from_be_bytes(*length));
        let Some((part, rest)) = rest.split_at_checked(length) else {
            break;
        };
        parts.push(part);
        row = rest;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use zeroize::Zeroizing;

    fn vault(byte: u8) -> SessionKeyVault {
        SessionKeyVault::new(&MasterKeys::new(Zeroizing::new([byte; 32]), Vec::new()))
    }

    fn identity(open_id: &str) -> (AppId, OpenId) {
        (AppId::new("wx01"), OpenId::new(open_id))
    }

    fn ring_of(vault: &SessionKeyVault, keys: &[&str]) -> Vec<u8> {
        let (app, user) = identity("o1");
        keys.iter().fold(Vec::new(), |row, key| {
            let mut ring = KeyRing::load(vault, &app, &user, &row);
            ring.keep(&SessionKey::new(*key), Timestamp::UNIX_EPOCH);
            ring.to_row(vault, &app, &user).unwrap()
        })
    }

    fn opened(vault: &SessionKeyVault, row: &[u8]) -> Vec<String> {
        let (app, user) = identity("o1");
        let keys = vault.open_all(&app, &user, row).unwrap();
        keys.iter().map(|key| key.expose().to_owned()).collect()
    }

    #[test]
    fn the_last_three_keys_are_kept_newest_first() {
        let row = ring_of(&vault(1), &["a", "b", "c", "d"]);
        assert_eq!(opened(&vault(1), &row), ["d", "c", "b"]);
    }

    #[test]
    fn the_newest_key_is_not_kept_twice() {
        let row = ring_of(&vault(1), &["a", "b", "b", "a"]);
        assert_eq!(opened(&vault(1), &row), ["a", "b", "a"]);
    }

    #[test]
    fn a_ring_moved_to_another_identity_does_not_open() {
        let row = ring_of(&vault(1), &["a"]);
        let (app, other) = identity("o2");
        assert!(vault(1).open_all(&app, &other, &row).unwrap().is_empty());
    }

    #[test]
    fn a_key_that_does_not_open_hides_no_other() {
        let mut row = ring_of(&vault(1), &["a", "b", "c"]);
        let length = row.len();
        // The middle of the ring belongs to the second key.
        row[length / 2] ^= 1;
        assert_eq!(opened(&vault(1), &row), ["c", "a"]);
    }

    #[test]
    fn a_fresh_key_is_kept_although_the_old_ones_do_not_open() {
        let (app, user) = identity("o1");
        let row = ring_of(&vault(1), &["a"]);
        let mut ring = KeyRing::load(&vault(2), &app, &user, &row);
        ring.keep(&SessionKey::new("b"), Timestamp::UNIX_EPOCH);
        let row = ring.to_row(&vault(2), &app, &user).unwrap();
        let newest = split(&row)[0];
        assert_eq!(vault(2).open(&app, &user, newest).unwrap().expose(), "b");
    }

    #[test]
    fn a_damaged_row_does_not_panic() {
        let row = ring_of(&vault(1), &["a", "b"]);
        for end in 0..row.len() {
            let _ = split(&row[..end]);
        }
    }
}
