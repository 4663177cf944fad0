//! A batch on SQLite: one transaction of the only writer, with a prepared
//! statement for each row.

use diesel::prelude::*;
use diesel::sql_types::{Binary, Integer, Nullable, Text};
use diesel::sqlite::Sqlite;
use domain::visit::Visit;

use super::WrittenVisit;
use super::batch_rows::{BatchRows, WrittenIdentity, identity_keys};
use super::known::Known;
use super::load::{KnownIdentityRow, UnionOwnerRow};
use super::plan::plan;
use crate::error::DbResult;
use crate::key_ring::SessionKeyVault;
use crate::schema::{ban_hashes, identities, merge_candidates, sessions, union_ids, users};
use crate::statement::{Prepared, Statement, value};
use crate::stored_keys::IdentityHashKey;
use crate::types::Instant;

pub(super) fn record(
    connection: &mut SqliteConnection,
    visits: &[&Visit],
    vault: &SessionKeyVault,
    key: &IdentityHashKey,
) -> DbResult<Vec<WrittenVisit>> {
    connection.immediate_transaction(|connection| {
        let known = load(connection, visits, vault, key)?;
        let plan = plan(visits.iter().copied(), known);
        write(connection, &BatchRows::of(visits, &plan, vault)?)?;
        Ok(plan.outcomes)
    })
}

fn load(
    connection: &mut SqliteConnection,
    visits: &[&Visit],
    vault: &SessionKeyVault,
    key: &IdentityHashKey,
) -> QueryResult<Known> {
    let mut known = Known::default();
    for (open_id, app_id) in identity_keys(visits) {
        let rows = identities::table
            .inner_join(users::table)
            .filter(identities::open_id.eq(open_id.as_str()))
            .filter(identities::app_id.eq(app_id.as_str()))
            .select(KnownIdentityRow::as_select());
        for row in rows.load(connection)? {
            known.add_identity(row, vault);
        }
    }
    for (union_id, platform) in known.unsettled_unions(visits) {
        let rows = union_ids::table
            .inner_join(users::table)
            .filter(union_ids::union_id.eq(union_id.as_str()))
            .filter(union_ids::open_platform.eq(platform.as_str()))
            .select(UnionOwnerRow::as_select());
        for row in rows.load(connection)? {
            known.add_union_owner(row);
        }
    }
    let newcomers = known.newcomers(visits, key);
    let mut banned = Vec::new();
    for hash in newcomers.keys() {
        let row = ban_hashes::table.filter(ban_hashes::hash.eq(hash.as_slice()));
        banned.extend(row.select(ban_hashes::hash).load::<Vec<u8>>(connection)?);
    }
    known.add_banned(newcomers, &banned);
    Ok(known)
}

fn write(connection: &mut SqliteConnection, rows: &BatchRows<'_>) -> QueryResult<()> {
    for user in &rows.new_users {
        diesel::insert_into(users::table)
            .values(user)
            .execute(connection)?;
    }
    for user in &rows.changed_users {
        diesel::update(users::table.find(user.id))
            .set((&user.profile, users::revision.eq(user.revision + 1)))
            .execute(connection)?;
    }
    for identity in &rows.new_identities {
        diesel::insert_into(identities::table)
            .values(identity)
            .execute(connection)?;
    }
    for identity in &rows.changed_identities {
        update(identity).execute(connection)?;
    }
    for owner in &rows.new_union_owners {
        diesel::insert_into(union_ids::table)
            .values(owner)
            .execute(connection)?;
    }
    for candidate in &rows.merge_candidates {
        diesel::insert_into(merge_candidates::table)
            .values(candidate)
            .on_conflict((merge_candidates::user_id, merge_candidates::union_user_id))
            .do_nothing()
            .execute(connection)?;
    }
    for session in &rows.sessions {
        diesel::insert_into(sessions::table)
            .values((
                session,
                sessions::generation.eq(1),
                sessions::last_used_at.eq(session.created_at),
            ))
            .execute(connection)?;
    }
    Ok(())
}

/// What every login does. (The update of a user is rare enough to be prepared each time.)
struct UpdateIdentity;

impl Statement for UpdateIdentity {
    const SQL: &'static str = "
UPDATE identities
SET union_id = $1, open_platform = $2, session_keys = $3, last_login_at = $4,
    sessions_opened = $5, revision = revision + 1
WHERE open_id = $6 AND app_id = $7";
}

fn update<'a>(identity: &'a WrittenIdentity<'a>) -> Prepared<'a, UpdateIdentity, Sqlite> {
    Prepared::new(vec![
        value::<Nullable<Text>, _, _>(identity.union_id),
        value::<Nullable<Text>, _, _>(identity.open_platform),
        value::<Binary, _, _>(identity.session_keys.as_slice()),
        value::<Instant, _, _>(identity.last_login_at),
        value::<Integer, _, _>(identity.sessions_opened),
        value::<Text, _, _>(identity.open_id),
        value::<Text, _, _>(identity.app_id),
    ])
}
