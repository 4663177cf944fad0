//! A batch on SQLite: one transaction, which nobody else writes beside, with a prepared
//! statement for each row.

use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;
use domain::visit::{Visit, VisitOutcome};

use super::batch_rows::{BatchRows, ChangedIdentity, ChangedUser};
use super::load::{KnownIdentityRow, UnionOwnerRow};
use super::plan::{Known, plan, unsettled_union};
use crate::error::DatabaseError;
use crate::key_ring::SessionKeyVault;
use crate::schema::{identities, merge_candidates, sessions, union_ids, users};
use crate::users::last_login_at;

pub(super) fn record(
    connection: &mut SqliteConnection,
    visits: &[&Visit],
    vault: &SessionKeyVault,
) -> Result<Vec<VisitOutcome>, DatabaseError> {
    connection.immediate_transaction(|connection| {
        let known = load(connection, visits, vault)?;
        let plan = plan(visits.iter().copied(), known);
        write(connection, &BatchRows::of(visits, &plan, vault)?)?;
        Ok(plan.outcomes)
    })
}

fn load(
    connection: &mut SqliteConnection,
    visits: &[&Visit],
    vault: &SessionKeyVault,
) -> QueryResult<Known> {
    let mut known = Known::default();
    let keys: BTreeSet<_> = visits
        .iter()
        .map(|visit| (visit.open_id.as_str(), visit.app.id.as_str()))
        .collect();
    for (open_id, app_id) in keys {
        let row = identities::table
            .inner_join(users::table)
            .filter(identities::open_id.eq(open_id))
            .filter(identities::app_id.eq(app_id))
            .select((identities::all_columns, users::all_columns, last_login_at()))
            .first::<KnownIdentityRow>(connection)
            .optional()?;
        if let Some(row) = row {
            known.add_identity(row, vault);
        }
    }

    let unions: BTreeSet<_> = visits
        .iter()
        .filter_map(|visit| {
            let key = (visit.open_id.clone(), visit.app.id.clone());
            unsettled_union(visit, known.identities.get(&key))
        })
        .collect();
    for (union_id, open_platform) in unions {
        let row = union_ids::table
            .inner_join(users::table)
            .filter(union_ids::union_id.eq(union_id.as_str()))
            .filter(union_ids::open_platform.eq(open_platform.as_str()))
            .select((
                union_ids::union_id,
                union_ids::open_platform,
                users::all_columns,
                last_login_at(),
            ))
            .first::<UnionOwnerRow>(connection)
            .optional()?;
        if let Some(row) = row {
            known.add_union_owner(row);
        }
    }
    Ok(known)
}

fn write(connection: &mut SqliteConnection, rows: &BatchRows<'_>) -> QueryResult<()> {
    for row in &rows.new_users {
        diesel::insert_into(users::table)
            .values(row)
            .execute(connection)?;
    }
    for row in &rows.changed_users {
        change_user(connection, row)?;
    }
    for row in &rows.new_identities {
        diesel::insert_into(identities::table)
            .values(row)
            .execute(connection)?;
    }
    for row in &rows.changed_identities {
        change_identity(connection, row)?;
    }
    for row in &rows.new_union_owners {
        diesel::insert_into(union_ids::table)
            .values(row)
            .execute(connection)?;
    }
    for row in &rows.merge_candidates {
        diesel::insert_into(merge_candidates::table)
            .values(row)
            .on_conflict((merge_candidates::user_id, merge_candidates::union_user_id))
            .do_nothing()
            .execute(connection)?;
    }
    for row in &rows.sessions {
        diesel::insert_into(sessions::table)
            .values(row)
            .execute(connection)?;
    }
    Ok(())
}

// The transaction holds what was loaded, so the revision is only counted here.

fn change_user(connection: &mut SqliteConnection, row: &ChangedUser<'_>) -> QueryResult<usize> {
    let profile = &row.profile;
    diesel::update(users::table.find(row.id))
        .set((
            users::nick_name.eq(profile.nick_name),
            users::avatar_url.eq(profile.avatar_url),
            users::gender.eq(profile.gender),
            users::language.eq(profile.language),
            users::country.eq(profile.country),
            users::province.eq(profile.province),
            users::city.eq(profile.city),
            users::revision.eq(row.revision + 1),
        ))
        .execute(connection)
}

fn change_identity(
    connection: &mut SqliteConnection,
    row: &ChangedIdentity<'_>,
) -> QueryResult<usize> {
    diesel::update(identities::table.find((row.open_id, row.app_id)))
        .set((
            identities::union_id.eq(row.union_id),
            identities::open_platform.eq(row.open_platform),
            identities::session_keys.eq(&row.session_keys),
            identities::last_login_at.eq(row.last_login_at),
            identities::revision.eq(row.revision + 1),
        ))
        .execute(connection)
}
