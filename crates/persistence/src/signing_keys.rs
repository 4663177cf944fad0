//! The keys that sign tokens.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use domain::audit::AuditEntry;
use domain::ports::{
    SigningAlgorithm, SigningKeyRepository, SigningSecret, StoreResult, StoredSigningKey,
};
use domain::time::before;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::connection::AnyConnection;
use crate::database::Database;
use crate::error::DbResult;
use crate::schema::signing_keys;
use crate::seal::Vault;
use crate::types::{DbId, DbInstant};
use crate::{audit, store_clock};

/// What the keys are sealed for, each bound to its id.
pub(crate) const PURPOSE: &str = "signing_key";

#[async_trait]
impl SigningKeyRepository for Database {
    async fn all(&self) -> StoreResult<Vec<StoredSigningKey>> {
        let stored_keys = Arc::clone(&self.vaults.stored_keys);
        let read = self.pool.run(move |connection| {
            stored_keys.verify(connection)?;
            Ok((load(connection)?, store_clock::now(connection)?))
        });
        let (rows, now) = read.await?;
        let vault = &self.vaults.signing_keys;
        let stored = rows.iter().filter_map(|row| {
            let age = now.duration_since(row.created_at.into());
            Some(StoredSigningKey {
                secret: row.open(vault)?,
                age: age.try_into().unwrap_or_default(),
            })
        });
        Ok(stored.collect())
    }

    async fn store_first(&self, key: SigningSecret) -> StoreResult<()> {
        let vaults = self.vaults.clone();
        let row = NewRow::seal(&key, &vaults.signing_keys)?;
        self.transact(move |connection| {
            vaults.stored_keys.verify(connection)?;
            lock(connection)?;
            let rows = load(connection)?;
            let mut same = rows.iter().filter(|kept| kept.algorithm == row.algorithm);
            if !same.any(|kept| kept.open(&vaults.signing_keys).is_some()) {
                row.insert(connection)?;
            }
            Ok(())
        })
        .await
    }

    async fn rotate(
        &self,
        key: SigningSecret,
        dead_after: Duration,
        audit: AuditEntry,
    ) -> StoreResult<()> {
        let row = NewRow::seal(&key, &self.vaults.signing_keys)?;
        let stored_keys = Arc::clone(&self.vaults.stored_keys);
        self.transact(move |connection| {
            stored_keys.verify(connection)?;
            lock(connection)?;
            let kept = signing_keys::table.find(row.id).count();
            if kept.get_result::<i64>(connection)? == 0 {
                let last_use = before(store_clock::now(connection)?, dead_after);
                let is_dead = signing_keys::used_at.le(DbInstant::from(last_use));
                diesel::delete(signing_keys::table.filter(is_dead)).execute(connection)?;
                row.insert(connection)?;
            }
            audit::record(connection, &audit)
        })
        .await
    }

    async fn note_use(&self, id: Uuid) -> StoreResult<()> {
        self.call(move |connection| {
            let now = DbInstant::from(store_clock::now(connection)?);
            diesel::update(signing_keys::table.find(DbId(id)))
                .set(signing_keys::used_at.eq(now))
                .execute(connection)?;
            Ok(())
        })
        .await
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = signing_keys)]
struct Row {
    id: DbId,
    /// The seed, and the private key behind it, sealed.
    seed: Vec<u8>,
    created_at: DbInstant,
    algorithm: String,
}

impl Row {
    /// `None` if it does not open. Then its tokens are refused, and those of other keys are as good as
    /// before.
    fn open(&self, vault: &Vault) -> Option<SigningSecret> {
        let opened = vault.open(&[self.id.0.as_bytes()], &self.seed);
        let parts = opened.as_ref().and_then(|bytes| bytes.split_first_chunk());
        let algorithm = SigningAlgorithm::from_name(&self.algorithm);
        let (Some((seed, private_key)), Some(algorithm)) = (parts, algorithm) else {
            vault.report_lost("signing key");
            return None;
        };
        Some(SigningSecret {
            id: self.id.0,
            algorithm,
            seed: Zeroizing::new(*seed),
            private_key: Zeroizing::new(private_key.to_vec()),
        })
    }
}

struct NewRow {
    id: DbId,
    seed: Vec<u8>,
    algorithm: &'static str,
}

impl NewRow {
    fn seal(key: &SigningSecret, vault: &Vault) -> DbResult<Self> {
        // The exact size first: growing would leave a copy behind that is not wiped.
        let mut secret = Zeroizing::new(Vec::with_capacity(32 + key.private_key.len()));
        secret.extend_from_slice(key.seed.as_slice());
        secret.extend_from_slice(&key.private_key);
        Ok(Self {
            id: DbId(key.id),
            seed: vault.seal(&[key.id.as_bytes()], &secret)?,
            algorithm: key.algorithm.as_str(),
        })
    }

    fn insert(&self, connection: &mut AnyConnection) -> DbResult<()> {
        let now = DbInstant::from(store_clock::now(connection)?);
        diesel::insert_into(signing_keys::table)
            .values((
                signing_keys::id.eq(self.id),
                signing_keys::seed.eq(&self.seed),
                signing_keys::created_at.eq(now),
                signing_keys::algorithm.eq(self.algorithm),
                signing_keys::used_at.eq(now),
            ))
            .execute(connection)?;
        Ok(())
    }
}

/// All keys, the newest first.
fn load(connection: &mut AnyConnection) -> DbResult<Vec<Row>> {
    let rows = signing_keys::table
        .order((signing_keys::created_at.desc(), signing_keys::id.desc()))
        .select(Row::as_select());
    Ok(rows.load(connection)?)
}

/// Keeps other replicas from storing keys until the transaction ends.
fn lock(connection: &mut AnyConnection) -> DbResult<()> {
    if let AnyConnection::Postgres(connection) = connection {
        connection.batch_execute("LOCK TABLE signing_keys IN SHARE ROW EXCLUSIVE MODE")?;
    }
    Ok(())
}

/// Gives up the keys that do not open. Gives how many there were.
pub(crate) fn forget_lost(connection: &mut AnyConnection, vault: &Vault) -> DbResult<usize> {
    let rows = load(connection)?;
    let lost = rows.iter().filter(|row| row.open(vault).is_none());
    let lost: Vec<DbId> = lost.map(|row| row.id).collect();
    let rows = signing_keys::table.filter(signing_keys::id.eq_any(&lost));
    Ok(diesel::delete(rows).execute(connection)?)
}
