//! Re-encrypts all secrets under the first master key.

use std::sync::Arc;

use diesel::prelude::*;
use domain::id::{AppId, OpenId};
use domain::ports::StoreResult;
use uuid::Uuid;

use crate::connection::AnyConnection;
use crate::database::Database;
use crate::error::DbResult;
use crate::key_ring::SessionKeyVault;
use crate::push_outbox::{answer_context, payload_context};
use crate::schema::{identities, push_messages, signing_keys, wechat_tokens};
use crate::seal::{DoesNotOpen, Vault};
use crate::types::DbId;

/// How many identities are changed in one transaction: few enough that a login does not notice.
const BATCH: u8 = 200;

/// How far a rewrap has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RewrapProgress {
    /// How many rows have been looked at.
    pub rows: u64,
    /// How many secrets were sealed anew.
    pub rewrapped: u64,
    /// How many secrets do not open with any of the master keys. They stay as they are.
    pub lost: u64,
}

/// An identity's name, `open_id` first, as the primary key has it.
type IdentityName = (String, String);

impl Database {
    /// Seals every stored secret under the first master key, a batch at a time, while the service
    /// goes on. What is sealed so already is left alone, so a rewrap that was interrupted is
    /// simply done again. `progress` is called after each batch with the sums so far; the last of
    /// them are given back. When nothing was lost, the other master keys are not needed any more.
    ///
    /// Every replica must have the new list of master keys by then: one that has not goes on
    /// sealing under an older key.
    pub async fn rewrap(
        &self,
        progress: impl Fn(RewrapProgress) + Send + Sync,
    ) -> StoreResult<RewrapProgress> {
        let vaults = self.vaults.clone();
        let mut sums = RewrapProgress::default();
        let mut note = |batch| {
            sums.add(batch);
            progress(sums);
        };
        let small = vaults.clone();
        let tables = self.transact(move |connection| {
            small.stored_keys.verify(connection)?;
            let mut sums = rewrap_signing_keys(connection, &small.signing_keys)?;
            sums.add(rewrap_wechat_tokens(connection, &small.wechat_tokens)?);
            Ok(sums)
        });
        note(tables.await?);

        let mut next = Some(DbId(Uuid::nil()));
        while let Some(after) = next {
            let vault = Arc::clone(&vaults.push_messages);
            let batch = self.transact(move |one| rewrap_push_messages(one, &vault, after));
            let (batch, last) = batch.await?;
            note(batch);
            next = last;
        }
        let mut next = Some(IdentityName::default());
        while let Some(after) = next {
            let vault = Arc::clone(&vaults.session_keys);
            let batch = self.transact(move |one| rewrap_identities(one, &vault, &after));
            let (batch, last) = batch.await?;
            note(batch);
            next = last;
        }
        // Last, because it is what the master keys are checked by: until all else is sealed under the first
        // one, the others are needed.
        let rewrapped = self.transact(move |connection| vaults.stored_keys.rewrap(connection));
        note(RewrapProgress {
            rows: 1,
            rewrapped: rewrapped.await?,
            lost: 0,
        });
        Ok(sums)
    }
}

impl RewrapProgress {
    fn add(&mut self, batch: Self) {
        self.rows += batch.rows;
        self.rewrapped += batch.rewrapped;
        self.lost += batch.lost;
    }

    /// Counts one secret, and gives what it is to be replaced by.
    fn count(&mut self, rewrapped: Result<Option<Vec<u8>>, DoesNotOpen>) -> Option<Vec<u8>> {
        self.rows += 1;
        self.lost += u64::from(rewrapped.is_err());
        let rewrapped = rewrapped.ok().flatten();
        self.rewrapped += u64::from(rewrapped.is_some());
        rewrapped
    }
}

/// A batch of the identities from after a name, and where the next one begins.
fn rewrap_identities(
    connection: &mut AnyConnection,
    vault: &SessionKeyVault,
    after: &IdentityName,
) -> DbResult<(RewrapProgress, Option<IdentityName>)> {
    let is_later = identities::open_id
        .gt(&after.0)
        .or(identities::app_id.gt(&after.1));
    let rows = identities::table
        .filter(identities::open_id.ge(&after.0))
        .filter(is_later)
        .order((identities::open_id, identities::app_id))
        .limit(BATCH.into())
        .select((
            identities::app_id,
            identities::open_id,
            identities::session_keys,
            identities::revision,
        ))
        .load::<(String, String, Vec<u8>, i32)>(connection)?;
    let is_last = rows.len() < BATCH.into();

    let (mut sums, mut is_disturbed, mut last) = (RewrapProgress::default(), false, None);
    for (app_id, open_id, keys, revision) in rows {
        let (app, user) = (AppId::new(app_id.as_str()), OpenId::new(open_id.as_str()));
        let ring = vault.rewrap(&app, &user, &keys);
        sums.rows += 1;
        sums.lost += ring.lost;
        if ring.rewrapped > 0 {
            // A login that has read the old row finds another revision, and reads it again.
            let read = identities::table
                .find((&open_id, &app_id))
                .filter(identities::revision.eq(revision));
            let written = diesel::update(read)
                .set((
                    identities::session_keys.eq(&ring.row),
                    identities::revision.eq(revision.wrapping_add(1)),
                ))
                .execute(connection)?;
            match written {
                0 => is_disturbed = true,
                _ => sums.rewrapped += ring.rewrapped,
            }
        }
        last = Some((open_id, app_id));
    }
    if is_disturbed {
        // Logins were faster at some of the rows: once more. Only what was sealed anew is counted.
        (sums.rows, sums.lost) = (0, 0);
        return Ok((sums, Some(after.clone())));
    }
    Ok((sums, last.filter(|_| !is_last)))
}

// The other tables have a handful of rows. One that is replaced meanwhile has been sealed anew.

fn rewrap_signing_keys(connection: &mut AnyConnection, vault: &Vault) -> DbResult<RewrapProgress> {
    let mut sums = RewrapProgress::default();
    let rows = signing_keys::table
        .select((signing_keys::id, signing_keys::seed))
        .load::<(DbId, Vec<u8>)>(connection)?;
    for (id, seed) in rows {
        if let Some(rewrapped) = sums.count(vault.rewrap(&[id.0.as_bytes()], &seed)) {
            let read = signing_keys::table.find(id);
            diesel::update(read.filter(signing_keys::seed.eq(seed)))
                .set(signing_keys::seed.eq(rewrapped))
                .execute(connection)?;
        }
    }
    Ok(sums)
}

fn rewrap_wechat_tokens(connection: &mut AnyConnection, vault: &Vault) -> DbResult<RewrapProgress> {
    let mut sums = RewrapProgress::default();
    let rows = wechat_tokens::table
        .select((wechat_tokens::key, wechat_tokens::token))
        .load::<(String, Vec<u8>)>(connection)?;
    for (key, token) in rows {
        if let Some(rewrapped) = sums.count(vault.rewrap(&[key.as_bytes()], &token)) {
            let read = wechat_tokens::table.find(key);
            diesel::update(read.filter(wechat_tokens::token.eq(token)))
                .set(wechat_tokens::token.eq(rewrapped))
                .execute(connection)?;
        }
    }
    Ok(sums)
}

/// A batch of the messages from after an id, and where the next one begins.
fn rewrap_push_messages(
    connection: &mut AnyConnection,
    vault: &Vault,
    after: DbId,
) -> DbResult<(RewrapProgress, Option<DbId>)> {
    let rows = push_messages::table
        .filter(push_messages::id.gt(after))
        .order(push_messages::id)
        .limit(BATCH.into())
        .select((
            push_messages::id,
            push_messages::payload,
            push_messages::answer,
        ))
        .load::<(DbId, Option<Vec<u8>>, Option<Vec<u8>>)>(connection)?;
    let is_last = rows.len() < BATCH.into();
    let last = rows.last().map(|(id, ..)| *id).filter(|_| !is_last);
    let mut sums = RewrapProgress::default();
    for (id, payload, answer) in rows {
        let message = push_messages::table.find(id);
        if let Some(payload) = payload
            && let Some(rewrapped) = sums.count(vault.rewrap(&payload_context(&id.0), &payload))
        {
            diesel::update(message.filter(push_messages::payload.eq(payload)))
                .set(push_messages::payload.eq(rewrapped))
                .execute(connection)?;
        }
        if let Some(answer) = answer
            && let Some(rewrapped) = sums.count(vault.rewrap(&answer_context(&id.0), &answer))
        {
            diesel::update(message.filter(push_messages::answer.eq(answer)))
                .set(push_messages::answer.eq(rewrapped))
                .execute(connection)?;
        }
    }
    Ok((sums, last))
}
