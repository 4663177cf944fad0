//! Re-encrypts all secrets under the first master key.

use std::sync::Arc;

use diesel::prelude::*;
use domain::id::{AppId, OpenId};

use crate::connection::{AnyBackend, AnyConnection};
use crate::error::DbResult;
use crate::key_ring::SessionKeyVault;
use crate::pool::Pool;
use crate::push_outbox::{answer_context, payload_context};
use crate::schema::{identities, push_messages, signing_keys, wechat_tokens};
use crate::seal::Vault;
use crate::stored_keys::StoredKeys;
use crate::transaction::transaction;
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

/// What seals each kind of secret.
#[derive(Clone)]
pub(crate) struct Vaults {
    pub(crate) session_keys: Arc<SessionKeyVault>,
    pub(crate) signing_keys: Arc<Vault>,
    pub(crate) wechat_tokens: Arc<Vault>,
    pub(crate) push_messages: Arc<Vault>,
    pub(crate) stored_keys: Arc<StoredKeys>,
}

/// An identity's name, `open_id` first, as the primary key has it.
type IdentityName = (String, String);

pub(crate) async fn rewrap(
    pool: &Pool,
    vaults: Vaults,
    progress: impl Fn(RewrapProgress) + Send + Sync,
) -> DbResult<RewrapProgress> {
    let mut sums = RewrapProgress::default();
    let small = vaults.clone();
    let tables = pool.run(move |connection| {
        transaction(connection, |connection| {
            let mut sums = RewrapProgress::default();
            small.stored_keys.verify(connection)?;
            rewrap_signing_keys(connection, &small.signing_keys, &mut sums)?;
            rewrap_wechat_tokens(connection, &small.wechat_tokens, &mut sums)?;
            Ok(sums)
        })
    });
    sums.add(tables.await?);
    progress(sums);

    let mut after = None;
    loop {
        let vault = Arc::clone(&vaults.push_messages);
        let batch = pool.run(move |connection| {
            transaction(connection, |connection| {
                rewrap_push_messages(connection, &vault, after)
            })
        });
        let (batch, last) = batch.await?;
        sums.add(batch);
        progress(sums);
        after = last;
        if after.is_none() {
            break;
        }
    }

    let mut after = None;
    loop {
        let (vault, from) = (Arc::clone(&vaults.session_keys), after.clone());
        let batch = pool.run(move |connection| {
            transaction(connection, |connection| {
                rewrap_identities(connection, &vault, from.as_ref())
            })
        });
        match batch.await? {
            Batch::Done { sums: batch, last } => {
                sums.add(batch);
                progress(sums);
                if last.is_none() {
                    break;
                }
                after = last;
            }
            Batch::Disturbed { rewrapped } => sums.rewrapped += rewrapped,
        }
    }
    // Last, because it is what the master keys are checked by: until all else is sealed under the first
    // one, the others are needed.
    let rewrapped = pool.run(move |connection| {
        transaction(connection, |connection| {
            vaults.stored_keys.rewrap(connection)
        })
    });
    sums.add(RewrapProgress {
        rows: 1,
        rewrapped: rewrapped.await?,
        lost: 0,
    });
    progress(sums);
    Ok(sums)
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

/// What became of a batch of identities.
enum Batch {
    /// All of it is sealed under the first master key. `last` is where the next one begins.
    Done {
        sums: RewrapProgress,
        last: Option<IdentityName>,
    },
    /// Logins were faster at some of the rows: once more.
    Disturbed { rewrapped: u64 },
}

fn rewrap_identities(
    connection: &mut AnyConnection,
    vault: &SessionKeyVault,
    after: Option<&IdentityName>,
) -> DbResult<Batch> {
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
        let ring = vault.rewrap(
            &AppId::new(app_id.as_str()),
            &OpenId::new(open_id.as_str()),
            &keys,
        );
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
        let RewrapProgress { rewrapped, .. } = sums;
        return Ok(Batch::Disturbed { rewrapped });
    }
    let last = last.filter(|_| !is_last);
    Ok(Batch::Done { sums, last })
}

// The other tables have a handful of rows. One that is replaced meanwhile has been sealed anew.

fn rewrap_signing_keys(
    connection: &mut AnyConnection,
    vault: &Vault,
    sums: &mut RewrapProgress,
) -> DbResult<()> {
    let rows = signing_keys::table
        .select((signing_keys::id, signing_keys::seed))
        .load::<(DbId, Vec<u8>)>(connection)?;
    for (id, seed) in rows {
        let rewrapped = vault.rewrap(&[id.0.as_bytes()], &seed);
        if let Some(rewrapped) = sums.count(rewrapped) {
            let read = signing_keys::table.find(id);
            diesel::update(read.filter(signing_keys::seed.eq(&seed)))
                .set(signing_keys::seed.eq(rewrapped))
                .execute(connection)?;
        }
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
        let rewrapped = vault.rewrap(&[key.as_bytes()], &token);
        if let Some(rewrapped) = sums.count(rewrapped) {
            let read = wechat_tokens::table.find(&key);
            diesel::update(read.filter(wechat_tokens::token.eq(&token)))
                .set(wechat_tokens::token.eq(rewrapped))
                .execute(connection)?;
        }
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
        if let Some(payload) = payload {
            let rewrapped = vault.rewrap(&payload_context(&id.0), &payload);
            if let Some(rewrapped) = sums.count(rewrapped) {
                let read = push_messages::table.find(id);
                diesel::update(read.filter(push_messages::payload.eq(&payload)))
                    .set(push_messages::payload.eq(Some(rewrapped)))
                    .execute(connection)?;
            }
        }
        if let Some(answer) = answer {
            let rewrapped = vault.rewrap(&answer_context(&id.0), &answer);
            if let Some(rewrapped) = sums.count(rewrapped) {
                let read = push_messages::table.find(id);
                diesel::update(read.filter(push_messages::answer.eq(&answer)))
                    .set(push_messages::answer.eq(Some(rewrapped)))
                    .execute(connection)?;
            }
        }
    }
    Ok((sums, last))
}
