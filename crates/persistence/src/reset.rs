//! Deletes what no master key decrypts, after the loss of one.

use diesel::prelude::*;
use domain::audit::AuditEntry;
use domain::ports::StoreResult;

use crate::connection::AnyConnection;
use crate::database::Database;
use crate::error::DbResult;
use crate::schema::wechat_tokens;
use crate::seal::Vault;
use crate::{audit, signing_keys};

/// What was given up. (session_keys stay where they are, and are skipped: the next logins bring new ones.)
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GivenUp {
    /// How many signing keys: tokens of theirs are refused.
    pub signing_keys: usize,
    /// How many access_tokens of WeChat's: they are fetched anew.
    pub wechat_tokens: usize,
    /// Whether the key of the hashes of identities: bans of deleted users do not hold any more.
    pub identity_hash_key: bool,
}

impl Database {
    /// Gives up what no master key opens, after the loss of one, so that the service works with those it
    /// has. Everybody logs in again.
    pub async fn give_up_what_is_lost(&self, audit: AuditEntry) -> StoreResult<GivenUp> {
        let vaults = self.vaults.clone();
        let given_up = self.transact(move |connection| {
            let given_up = GivenUp {
                identity_hash_key: vaults.stored_keys.replace_if_lost(connection)?,
                signing_keys: signing_keys::forget_lost(connection, &vaults.signing_keys)?,
                wechat_tokens: forget_lost_tokens(connection, &vaults.wechat_tokens)?,
            };
            audit::record(connection, &audit)?;
            Ok(given_up)
        });
        given_up.await
    }
}

fn forget_lost_tokens(connection: &mut AnyConnection, vault: &Vault) -> DbResult<usize> {
    let rows = wechat_tokens::table
        .select((wechat_tokens::key, wechat_tokens::token))
        .load::<(String, Vec<u8>)>(connection)?;
    let lost = rows
        .iter()
        .filter(|(key, token)| vault.open(&[key.as_bytes()], token).is_none());
    let lost: Vec<&str> = lost.map(|(key, _)| key.as_str()).collect();
    let rows = wechat_tokens::table.filter(wechat_tokens::key.eq_any(lost));
    Ok(diesel::delete(rows).execute(connection)?)
}
