//! The keys that sign tokens.

use std::sync::Arc;

use async_trait::async_trait;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use domain::audit::AuditEntry;
use domain::ports::{RepositoryError, SigningKeyRepository, StoredSigningKey};
use domain::time::Timestamp;
use zeroize::Zeroizing;

use crate::audit;
use crate::connection::AnyConnection;
use crate::error::DatabaseError;
use crate::pool::Pool;
use crate::schema::signing_keys;
use crate::seal::Vault;
use crate::stored_keys::StoredKeys;
use crate::transaction::transaction;
use crate::types::{DbId, DbInstant};

/// [`SigningKeyRepository`] in Diesel.
#[derive(Clone)]
pub struct DieselSigningKeyRepository {
    pub(crate) pool: Pool,
    /// Seals for [`PURPOSE`].
    pub(crate) vault: Arc<Vault>,
    pub(crate) stored_keys: Arc<StoredKeys>,
}

/// What the keys are sealed for, each bound to its id.
pub(crate) const PURPOSE: &str = "signing_key";

#[async_trait]
impl SigningKeyRepository for DieselSigningKeyRepository {
    async fn all(&self) -> Result<Vec<StoredSigningKey>, RepositoryError> {
        let stored_keys = Arc::clone(&self.stored_keys);
        let rows = self.pool.run(move |connection| {
            stored_keys.verify(connection)?;
            load(connection)
        });
        let rows = rows.await?;
        Ok(rows.iter().filter_map(|row| self.open(row)).collect())
    }

    async fn store_first(&self, key: StoredSigningKey) -> Result<(), RepositoryError> {
        let row = self.seal(&key)?;
        let stored_keys = Arc::clone(&self.stored_keys);
        let stored = self.pool.run(move |connection| {
            transaction(connection, |connection| {
                stored_keys.verify(connection)?;
                lock(connection)?;
                if load(connection)?.is_empty() {
                    row.insert(connection)?;
                }
                Ok(())
            })
        });
        Ok(stored.await?)
    }

    async fn rotate(
        &self,
        key: StoredSigningKey,
        dead_since: Timestamp,
        audit: AuditEntry,
    ) -> Result<(), RepositoryError> {
        let row = self.seal(&key)?;
        let stored_keys = Arc::clone(&self.stored_keys);
        let rotated = self.pool.run(move |connection| {
            transaction(connection, |connection| {
                stored_keys.verify(connection)?;
                lock(connection)?;
                let keys = load(connection)?;
                if keys.iter().all(|key| key.id != row.id) {
                    row.insert(connection)?;
                }
                forget_dead(connection, dead_since)?;
                audit::record(connection, &audit)
            })
        });
        Ok(rotated.await?)
    }
}

impl DieselSigningKeyRepository {
    fn seal(&self, key: &StoredSigningKey) -> Result<SigningKeyRow, DatabaseError> {
        let seed = self.vault.seal(&[key.id.as_bytes()], key.seed.as_slice());
        Ok(SigningKeyRow {
            id: DbId(key.id),
            seed: seed.map_err(|_| self.vault.sealing_failed())?,
            created_at: key.created_at.into(),
        })
    }

    /// The key, or nothing if it does not open: its tokens are refused, those of the others are good.
    fn open(&self, row: &SigningKeyRow) -> Option<StoredSigningKey> {
        let seed = self.vault.open(&[row.id.0.as_bytes()], &row.seed).ok();
        let seed = seed.and_then(|seed| <[u8; 32]>::try_from(seed.as_slice()).ok());
        let Some(seed) = seed else {
            self.vault.report_lost("signing key");
            return None;
        };
        Some(StoredSigningKey {
            id: row.id.0,
            seed: Zeroizing::new(seed),
            created_at: row.created_at.into(),
        })
    }
}

#[derive(Insertable, Queryable)]
#[diesel(table_name = signing_keys)]
struct SigningKeyRow {
    id: DbId,
    seed: Vec<u8>,
    created_at: DbInstant,
}

impl SigningKeyRow {
    fn insert(&self, connection: &mut AnyConnection) -> Result<(), DatabaseError> {
        diesel::insert_into(signing_keys::table)
            .values((
                signing_keys::id.eq(self.id),
                signing_keys::seed.eq(&self.seed),
                signing_keys::created_at.eq(self.created_at),
            ))
            .execute(connection)?;
        Ok(())
    }
}

/// All keys, the newest first.
fn load(connection: &mut AnyConnection) -> Result<Vec<SigningKeyRow>, DatabaseError> {
    let newest_first = (signing_keys::created_at.desc(), signing_keys::id.desc());
    Ok(signing_keys::table.order(newest_first).load(connection)?)
}

/// Keeps other replicas from storing keys until the transaction ends.
fn lock(connection: &mut AnyConnection) -> Result<(), DatabaseError> {
    if let AnyConnection::Postgres(connection) = connection {
        connection.batch_execute("LOCK TABLE signing_keys IN SHARE ROW EXCLUSIVE MODE")?;
    }
    Ok(())
}

/// Forgets the keys whose successors were made at or before `dead_since`.
fn forget_dead(connection: &mut AnyConnection, dead_since: Timestamp) -> Result<(), DatabaseError> {
    let dead_since = DbInstant::from(dead_since);
    let keys = load(connection)?;
    let successors = keys.iter();
    for (key, successor) in keys.iter().skip(1).zip(successors) {
        if successor.created_at <= dead_since {
            diesel::delete(signing_keys::table.find(key.id)).execute(connection)?;
        }
    }
    Ok(())
}
