//! A batch on PostgreSQL: one statement loads (two more for first logins), one writes.
//!
//! Both take lists, so their text does not depend on how many visits there are, and PostgreSQL
//! prepares it once a connection. The write is a transaction of its own: no BEGIN, no COMMIT, no
//! locks held while we plan. It fails as a whole, and the batch is loaded and planned anew,
//! - if an identity, or a unionid's owner, that is to be new has come meanwhile (primary keys);
//! - if a row that is to change has another revision than the one loaded.

mod parts;
mod write;

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Binary, Text};
use domain::visit::Visit;

use super::WrittenVisit;
use super::batch_rows::{BatchRows, identity_keys};
use super::known::Known;
use super::load::{KnownIdentityRow, UnionOwnerRow};
use super::plan::plan;
use crate::error::DbResult;
use crate::key_ring::SessionKeyVault;
use crate::schema::ban_hashes;
use crate::statement::{Prepared, list, statement};
use crate::stored_keys::IdentityHashKey;
use write::WriteBatch;

pub(super) fn record(
    connection: &mut PgConnection,
    visits: &[&Visit],
    vault: &SessionKeyVault,
    key: &IdentityHashKey,
) -> DbResult<Vec<WrittenVisit>> {
    let known = load(connection, visits, vault, key)?;
    let plan = plan(visits.iter().copied(), known);
    let rows = BatchRows::of(visits, &plan, vault)?;
    if !rows.sessions.is_empty() {
        WriteBatch::of(&rows).execute(connection)?;
    }
    Ok(plan.outcomes)
}

fn load(
    connection: &mut PgConnection,
    visits: &[&Visit],
    vault: &SessionKeyVault,
    key: &IdentityHashKey,
) -> DbResult<Known> {
    let mut known = Known::default();
    let keys: Vec<_> = identity_keys(visits).into_iter().collect();
    let statement = Prepared::<LoadIdentities, Pg>::new(vec![
        list::<Text, _, _>(&keys, |(open_id, _)| open_id.as_str()),
        list::<Text, _, _>(&keys, |(_, app_id)| app_id.as_str()),
    ]);
    let rows = statement.select(KnownIdentityRow::as_select());
    for row in rows.load(connection)? {
        known.add_identity(row, vault);
    }
    let unions: Vec<_> = known.unsettled_unions(visits).into_iter().collect();
    if !unions.is_empty() {
        let statement = Prepared::<LoadUnionOwners, Pg>::new(vec![
            list::<Text, _, _>(&unions, |(union_id, _)| union_id.as_str()),
            list::<Text, _, _>(&unions, |(_, platform)| platform.as_str()),
        ]);
        let rows = statement.select(UnionOwnerRow::as_select());
        for row in rows.load(connection)? {
            known.add_union_owner(row);
        }
    }
    let newcomers = known.newcomers(visits, key);
    if !newcomers.is_empty() {
        let hashes: Vec<_> = newcomers.keys().copied().collect();
        let lists = vec![list::<Binary, _, _>(&hashes, <[u8; 32]>::as_slice)];
        let rows = Prepared::<LoadBans, Pg>::new(lists).select(ban_hashes::hash);
        known.add_banned(newcomers, &rows.load(connection)?);
    }
    Ok(known)
}

statement! {
    LoadIdentities = "
SELECT *
FROM unnest($1::text[], $2::text[]) AS v (open_id, app_id)
JOIN identities ON identities.open_id = v.open_id AND identities.app_id = v.app_id
JOIN users ON users.id = identities.user_id"
}

statement! {
    LoadUnionOwners = "
SELECT *
FROM unnest($1::text[], $2::text[]) AS v (union_id, open_platform)
JOIN union_ids ON union_ids.union_id = v.union_id AND union_ids.open_platform = v.open_platform
JOIN users ON users.id = union_ids.user_id"
}

statement! {
    LoadBans = "
SELECT *
FROM unnest($1::bytea[]) AS v (hash)
JOIN ban_hashes ON ban_hashes.hash = v.hash"
}
