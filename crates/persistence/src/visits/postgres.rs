//! A batch on PostgreSQL: one statement loads, one writes.
//!
//! Both take lists (`unnest`), so their text is always the same and PostgreSQL prepares it once
//! a connection. The write is a transaction of its own: no BEGIN, no COMMIT, no locks held while
//! we plan. It fails as a whole, and the batch is loaded and planned anew,
//! - if an identity, or a unionid's owner, that is to be new has come meanwhile (primary keys);
//! - if a row that is to change has another revision than the one loaded: then fewer rows change
//!   than should, the sessions get no user, and a session without a user is refused (NOT NULL).

mod columns;
mod load_statements;
mod write_statement;

use std::collections::BTreeSet;

use diesel::{PgConnection, RunQueryDsl};
use domain::visit::{Visit, VisitOutcome};

use super::batch_rows::BatchRows;
use super::load::{KnownIdentityRow, UnionOwnerRow};
use super::plan::{Known, plan, unsettled_union};
use crate::error::DatabaseError;
use crate::key_ring::SessionKeyVault;
use load_statements::{LoadIdentities, LoadUnionOwners};
use write_statement::WriteBatch;

pub(super) fn record(
    connection: &mut PgConnection,
    visits: &[&Visit],
    vault: &SessionKeyVault,
) -> Result<Vec<VisitOutcome>, DatabaseError> {
    let known = load(connection, visits, vault)?;
    let plan = plan(visits.iter().copied(), known);
    let rows = BatchRows::of(visits, &plan, vault)?;
    if !rows.sessions.is_empty() {
        WriteBatch::new(&rows).execute(connection)?;
    }
    Ok(plan.outcomes)
}

fn load(
    connection: &mut PgConnection,
    visits: &[&Visit],
    vault: &SessionKeyVault,
) -> Result<Known, DatabaseError> {
    let mut known = Known::default();
    let keys: BTreeSet<_> = visits
        .iter()
        .map(|visit| (visit.open_id.as_str(), visit.app.id.as_str()))
        .collect();
    let (open_ids, app_ids) = keys.into_iter().unzip();
    let rows = LoadIdentities { app_ids, open_ids }.load::<KnownIdentityRow>(connection)?;
    for row in rows {
        known.add_identity(row, vault);
    }

    let unions: BTreeSet<_> = visits
        .iter()
        .filter_map(|visit| {
            let key = (visit.open_id.clone(), visit.app.id.clone());
            unsettled_union(visit, known.identities.get(&key))
        })
        .collect();
    if unions.is_empty() {
        return Ok(known);
    }
    let (union_ids, open_platforms) = unions
        .iter()
        .map(|(union, platform)| (union.as_str(), platform.as_str()))
        .unzip();
    let owners = LoadUnionOwners {
        union_ids,
        open_platforms,
    };
    for row in owners.load::<UnionOwnerRow>(connection)? {
        known.add_union_owner(row);
    }
    Ok(known)
}
