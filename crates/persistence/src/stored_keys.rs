//! Keys of the service itself that outlive changes of the master key, and the check that the
//! configured master keys are those of the database.
//!
//! There is one such key today, [`IdentityHashKey`]. It is random, made once, and kept sealed. It is
//! the check too: master keys of which none opens it are not those of this database.

use std::sync::Arc;

use diesel::prelude::*;
use domain::id::{AppId, OpenId};
use parking_lot::RwLock;
use zeroize::Zeroizing;

use crate::connection::AnyConnection;
use crate::error::{DatabaseError, DbResult};
use crate::key_ring::SessionKeyVault;
use crate::schema::{identities, signing_keys, stored_keys};
use crate::seal::{DoesNotOpen, Vault, derive};
use crate::types::DbId;

/// What the keys are sealed for, each bound to its name.
pub(crate) const PURPOSE: &str = "stored_key";

/// The name of [`IdentityHashKey`].
const IDENTITY_HASH: &str = "identity_hash";

/// How many identities are tried when a database has no check yet.
const SAMPLE: i64 = 50;

/// The key of the hashes by which an identity is recognised although it is not kept: bans outlive the
/// account, and hold no personal data.
///
/// It is the same on all replicas and for the life of the database: `keys rewrap` seals it anew
/// and does not change it. `keys reset`, after the loss of the master key, makes another one; what
/// was hashed with the first is not recognised any more.
#[derive(Clone)]
pub(crate) struct IdentityHashKey(Zeroizing<[u8; 32]>);

impl IdentityHashKey {
    /// The keyed hash of `parts`, which are told apart by their lengths. The first should say what is
    /// hashed, such as `b"open_id"`.
    pub(crate) fn hash(&self, parts: &[&[u8]]) -> [u8; 32] {
        *derive(&self.0, parts)
    }
}

/// Reads the stored keys, makes them in a new database, and checks the master keys by them.
pub(crate) struct StoredKeys {
    /// Seals for [`PURPOSE`].
    pub(crate) vault: Vault,
    pub(crate) session_keys: Arc<SessionKeyVault>,
    pub(crate) signing_keys: Arc<Vault>,
    pub(crate) known: RwLock<Option<IdentityHashKey>>,
}

impl StoredKeys {
    /// The key of the hashes, from memory after the first time. May be called within a transaction.
    pub(crate) fn identity_hash_key(
        &self,
        connection: &mut AnyConnection,
    ) -> DbResult<IdentityHashKey> {
        let known = self.known.read().clone();
        known.map_or_else(|| self.verify(connection), Ok)
    }

    /// Fails with [`WrongMasterKey`](crate::error::FailureKind::WrongMasterKey) unless one of the master
    /// keys opens the check; from then on the vaults do not seal. A database without a check gets one,
    /// if the master keys open what is stored there. Of several replicas that do so at once, one wins.
    /// May be called within a transaction.
    pub(crate) fn verify(&self, connection: &mut AnyConnection) -> DbResult<IdentityHashKey> {
        let (sealed, is_kept) = match sealed(connection)? {
            Some(sealed) => (sealed, true),
            None if self.open_what_is_stored(connection)? => (self.make(connection)?, false),
            None => return Err(self.found_wrong()),
        };
        let key = self.open(&sealed).ok_or_else(|| self.found_wrong())?;
        self.vault.set_wrong(false);
        // A key that was made in a transaction under way may be rolled back.
        if is_kept {
            *self.known.write() = Some(key.clone());
        }
        Ok(key)
    }

    /// The same check, without making anything.
    pub(crate) fn look(&self, connection: &mut AnyConnection) -> DbResult<()> {
        let fits = match sealed(connection)? {
            Some(sealed) => self.open(&sealed).is_some(),
            None => self.open_what_is_stored(connection)?,
        };
        self.vault.set_wrong(!fits);
        fits.then_some(())
            .ok_or_else(DatabaseError::wrong_master_key)
    }

    fn found_wrong(&self) -> DatabaseError {
        self.vault.set_wrong(true);
        DatabaseError::wrong_master_key()
    }

    /// Makes the key, unless another replica has just done so, and gives what is stored.
    fn make(&self, connection: &mut AnyConnection) -> DbResult<Vec<u8>> {
        let key = Zeroizing::new(rand::random::<[u8; 32]>());
        self.vault.set_wrong(false);
        let sealed = self
            .vault
            .seal(&[IDENTITY_HASH.as_bytes()], key.as_slice())?;
        let row = (
            stored_keys::name.eq(IDENTITY_HASH),
            stored_keys::sealed.eq(sealed),
        );
        match connection {
            AnyConnection::Postgres(connection) => diesel::insert_into(stored_keys::table)
                .values(row)
                .on_conflict_do_nothing()
                .execute(connection)?,
            AnyConnection::Sqlite(connection) => diesel::insert_or_ignore_into(stored_keys::table)
                .values(row)
                .execute(connection)?,
        };
        self::sealed(connection)?
            .ok_or_else(|| DatabaseError::nonsense("a key that was just stored is not there"))
    }

    fn open(&self, sealed: &[u8]) -> Option<IdentityHashKey> {
        let key = self.vault.open(&[IDENTITY_HASH.as_bytes()], sealed)?;
        let key = <&[u8; 32]>::try_from(key.as_slice()).ok()?;
        Some(IdentityHashKey(Zeroizing::new(*key)))
    }

    /// Whether the master keys open anything of what was stored before there was a check, or nothing
    /// was. One row that does not open says nothing: it may have been damaged.
    fn open_what_is_stored(&self, connection: &mut AnyConnection) -> DbResult<bool> {
        let keys = signing_keys::table
            .select((signing_keys::id, signing_keys::seed))
            .load::<(DbId, Vec<u8>)>(connection)?;
        let opens = |(id, seed): &(DbId, Vec<u8>)| {
            self.signing_keys.open(&[id.0.as_bytes()], seed).is_some()
        };
        if !keys.is_empty() {
            return Ok(keys.iter().any(opens));
        }
        let sample = identities::table
            .filter(identities::session_keys.ne(Vec::<u8>::new()))
            .limit(SAMPLE)
            .select((
                identities::app_id,
                identities::open_id,
                identities::session_keys,
            ))
            .load::<(String, String, Vec<u8>)>(connection)?;
        Ok(sample.is_empty()
            || sample.iter().any(|(app, user, keys)| {
                let (app, user) = (AppId::new(app.as_str()), OpenId::new(user.as_str()));
                self.session_keys.opens_any(&app, &user, keys)
            }))
    }

    /// Makes another key if the stored one does not open, or if there is none and what is stored does not
    /// open. Gives whether one was given up.
    pub(crate) fn replace_if_lost(&self, connection: &mut AnyConnection) -> DbResult<bool> {
        let stored = sealed(connection)?;
        let opened = stored.as_ref().and_then(|sealed| self.open(sealed));
        if opened.is_some() {
            return Ok(false);
        }
        diesel::delete(stored_keys::table.find(IDENTITY_HASH)).execute(connection)?;
        self.make(connection)?;
        Ok(stored.is_some())
    }

    /// Seals the keys under the first master key. Gives how many were sealed anew.
    pub(crate) fn rewrap(&self, connection: &mut AnyConnection) -> DbResult<u64> {
        self.verify(connection)?;
        let Some(sealed) = sealed(connection)? else {
            return Ok(0);
        };
        let rewrapped = self.vault.rewrap(&[IDENTITY_HASH.as_bytes()], &sealed);
        let Some(rewrapped) = rewrapped.map_err(|DoesNotOpen| self.found_wrong())? else {
            return Ok(0);
        };
        let read = stored_keys::table.find(IDENTITY_HASH);
        let written = diesel::update(read.filter(stored_keys::sealed.eq(&sealed)))
            .set(stored_keys::sealed.eq(rewrapped))
            .execute(connection)?;
        Ok(written.try_into().unwrap_or_default())
    }
}

fn sealed(connection: &mut AnyConnection) -> DbResult<Option<Vec<u8>>> {
    let row = stored_keys::table
        .find(IDENTITY_HASH)
        .select(stored_keys::sealed);
    Ok(row.first(connection).optional()?)
}
