//! A batch on PostgreSQL: one statement loads (two more for first logins), one writes.
//!
//! Both take lists, so their text does not depend on how many visits there are, and PostgreSQL
//! prepares it once a connection. The write is a transaction of its own: no BEGIN, no COMMIT, no
//! locks held while we plan. It fails as a whole, and the batch is loaded and planned anew,
//! - if an identity, or a unionid's owner, that is to be new has come meanwhile (primary keys);
//! - if a row that is to change has another revision than the one loaded: then fewer rows change
//!   than should, the sessions get no user, and a session without a user is refused (NOT NULL).

mod fragments;

use diesel::{PgConnection, RunQueryDsl};
use domain::visit::Visit;

use super::WrittenVisit;
use super::batch_rows::{BatchRows, UnionName, identity_names};
use super::load::{KnownIdentityRow, UnionOwnerRow};
use super::plan::{Known, plan};
use super::statements::{LoadBans, LoadIdentities, LoadUnionOwners};
use crate::error::DatabaseError;
use crate::key_ring::SessionKeyVault;
use crate::statement::LoadAll;
use crate::stored_keys::IdentityHashKey;
use fragments::WriteAll;

pub(super) fn record(
    connection: &mut PgConnection,
    visits: &[&Visit],
    vault: &SessionKeyVault,
    key: &IdentityHashKey,
) -> Result<Vec<WrittenVisit>, DatabaseError> {
    let known = load(connection, visits, vault, key)?;
    let plan = plan(visits.iter().copied(), known);
    let rows = BatchRows::of(visits, &plan, vault)?;
    if !rows.sessions.is_empty() {
        WriteAll::of(&rows).execute(connection)?;
    }
    Ok(plan.written())
}

fn load(
    connection: &mut PgConnection,
    visits: &[&Visit],
    vault: &SessionKeyVault,
    key: &IdentityHashKey,
) -> Result<Known, DatabaseError> {
    let mut known = Known::default();
    let names = identity_names(visits);
    let rows = LoadAll::<LoadIdentities>::of(&names);
    for row in rows.load::<KnownIdentityRow>(connection)? {
        known.add_identity(row, vault);
    }
    let unions = known.unsettled_unions(visits);
    if !unions.is_empty() {
        let names: Vec<_> = unions.iter().map(UnionName::of).collect();
        let rows = LoadAll::<LoadUnionOwners>::of(&names);
        for row in rows.load::<UnionOwnerRow>(connection)? {
            known.add_union_owner(row);
        }
    }
    let newcomers = known.newcomers(visits, key);
    let hashes = newcomers.hashes();
    if !hashes.is_empty() {
        let rows = LoadAll::<LoadBans>::of(&hashes);
        known.banned = newcomers.banned(&rows.load::<Vec<u8>>(connection)?);
    }
    Ok(known)
}
