//! Re-encrypts all secrets under the first master key.

use std::sync::Arc;

use diesel::prelude::*;
use domain::id::{AppId, OpenId};
use domain::ports::StoreResult;

use crate::connection::{AnyBackend, AnyConnection};
use crate::database::Database;
use crate::error::DbResult;
use crate::key_ring::SessionKeyVault;
use crate::push_outbox::{answer_context, payload_context};
use crate::schema::{identities, push_messages, signing_keys, wechat_tokens};
use crate::seal::Vault;
use crate::types::DbId;

/// How many identities are changed in one transaction: few enough that a login does not notice.
const BATCH: i64 = 200;

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
            let mut sums = RewrapProgress::default();
            small.stored_keys.verify(connection)?;
            rewrap_signing_keys(connection, &small.signing_keys, &mut sums)?;
            rewrap_wechat_tokens(connection, &small.wechat_tokens, &mut sums)?;
            Ok(sums)
        });
        note(tables.await?);

        let mut next = Some(None);
        while let Some(after) = next {
            let vault = Arc::clone(&vaults.push_messages);
            let batch =
                self.transact(move |connection| rewrap_push_messages(connection, &vault, after));
            let (batch, last) = batch.await?;
            note(batch);
            next = last.map(Some);
        }
        let mut next = Some(None);
        while let Some(after) = next {
            let (vault, from) = (Arc::clone(&vaults.session_keys), after.clone());
            let batch = self
                .transact(move |connection| rewrap_identities(connection, &vault, from.as_ref()));
            let (batch, end) = batch.await?;
            note(batch);
            next = match end {
                BatchEnd::Disturbed => Some(after),
                BatchEnd::At(last) => last.map(Some),
            };
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
    fn count<E>(&mut self, rewrapped: Result<Option<Vec<u8>>, E>) -> Option<Vec<u8>> {
        self.rows += 1;
        if let Ok(rewrapped) = rewrapped {
            self.rewrapped += u64::from(rewrapped.is_some());
            rewrapped
        } else {
            self.lost += 1;
            None
        }
    }
}

enum BatchEnd {
    /// All of it is sealed under the first master key. Here the next one begins.
    At(Option<IdentityName>),
    /// Logins were faster at some of the rows: once more. Only what was sealed anew is counted.
    Disturbed,
}

fn rewrap_identities(
    connection: &mut AnyConnection,
    vault: &SessionKeyVault,
    after: Option<&IdentityName>,
) -> DbResult<(RewrapProgress, BatchEnd)> {
    let mut rows = identities::table
        .order((identities::open_id, identities::app_id))
        .limit(BATCH)
        .select((
            identities::app_id,
            identities::open_id,
            identities::session_keys,
            identities::revision,
        ))
        .into_boxed::<AnyBackend>();
    if let Some((open_id, app_id)) = after {
        let is_later = identities::open_id
            .gt(open_id)
            .or(identities::app_id.gt(app_id));
        rows = rows
            .filter(identities::open_id.ge(open_id))
            .filter(is_later);
    }
    let rows = rows.load::<(String, String, Vec<u8>, i32)>(connection)?;
    let is_last = rows.len() < usize::try_from(BATCH).unwrap_or(0);

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
        sums = RewrapProgress {
            rewrapped: sums.rewrapped,
            ..RewrapProgress::default()
        };
        return Ok((sums, BatchEnd::Disturbed));
    }
    Ok((sums, BatchEnd::At(last.filter(|_| !is_last))))
}

// The other tables have a handful of rows. One that is replaced meanwhile has been sealed anew.

/// Seals a column of a row anew, if it is not sealed under the first master key and has not changed
/// since it was read.
macro_rules! rewrap_column {
    ($connection:ident, $vault:ident, $sums:expr, $table:ident[$key:expr].$column:ident = $read:expr, $context:expr) => {
        if let Some(rewrapped) = $sums.count($vault.rewrap($context, $read)) {
            let row = $table::table.find($key);
            diesel::update(row.filter($table::$column.eq($read)))
                .set($table::$column.eq(rewrapped))
                .execute($connection)?;
        }
    };
}

fn rewrap_signing_keys(
    connection: &mut AnyConnection,
    vault: &Vault,
    sums: &mut RewrapProgress,
) -> DbResult<()> {
    let rows = signing_keys::table
        .select((signing_keys::id, signing_keys::seed))
        .load::<(DbId, Vec<u8>)>(connection)?;
    for (id, seed) in rows {
        let context = &[id.0.as_bytes().as_slice()];
        rewrap_column!(
            connection,
            vault,
            sums,
            signing_keys[id].seed = &seed,
            context
        );
    }
    Ok(())
}

fn rewrap_wechat_tokens(
    connection: &mut AnyConnection,
    vault: &Vault,
    sums: &mut RewrapProgress,
) -> DbResult<()> {
    let rows = wechat_tokens::table
        .select((wechat_tokens::key, wechat_tokens::token))
        .load::<(String, Vec<u8>)>(connection)?;
    for (key, token) in rows {
        let context = &[key.as_bytes()];
        rewrap_column!(
            connection,
            vault,
            sums,
            wechat_tokens[&key].token = &token,
            context
        );
    }
    Ok(())
}

/// A batch of the messages from after an id, and where the next one begins.
fn rewrap_push_messages(
    connection: &mut AnyConnection,
    vault: &Vault,
    after: Option<DbId>,
) -> DbResult<(RewrapProgress, Option<DbId>)> {
    let mut rows = push_messages::table
        .order(push_messages::id)
        .limit(BATCH)
        .select((
            push_messages::id,
            push_messages::payload,
            push_messages::answer,
        ))
        .into_boxed::<AnyBackend>();
    if let Some(after) = after {
        rows = rows.filter(push_messages::id.gt(after));
    }
    let rows = rows.load::<(DbId, Option<Vec<u8>>, Option<Vec<u8>>)>(connection)?;
    let is_last = rows.len() < usize::try_from(BATCH).unwrap_or(0);
    let last = rows.last().map(|(id, ..)| *id).filter(|_| !is_last);
    let mut sums = RewrapProgress::default();
    for (id, payload, answer) in rows {
        if let Some(read) = payload {
            let context = &payload_context(&id.0);
            rewrap_column!(
                connection,
                vault,
                sums,
                push_messages[id].payload = &read,
                context
            );
        }
        if let Some(read) = answer {
            let context = &answer_context(&id.0);
            rewrap_column!(
                connection,
                vault,
                sums,
                push_messages[id].answer = &read,
                context
            );
        }
    }
    Ok((sums, last))
}
