//! A batch on SQLite: one transaction of the only writer, with a prepared
//! statement for each row.

use diesel::prelude::*;
use diesel::sql_types::{Binary, Integer, Nullable, Text};
use diesel::sqlite::Sqlite;
use domain::session::SessionAccount;

use super::batch_rows::{BatchRows, WrittenIdentity, code_hash, code_hour, nonce_hash};
use super::known::PlannedUser;
use crate::rows::ProfileRow;
use crate::schema::{identities, merge_candidates, sessions, union_ids, users};
use crate::statement::{Prepared, statement, value};
use crate::types::{DbId, DbInstant, Instant};

pub(super) fn write(connection: &mut SqliteConnection, rows: &BatchRows<'_>) -> QueryResult<()> {
    write_users(connection, rows)?;
    write_identities(connection, rows)?;
    write_union_ids(connection, rows)?;
    write_sessions(connection, rows)
}

fn write_users(connection: &mut SqliteConnection, rows: &BatchRows<'_>) -> QueryResult<()> {
    for PlannedUser { user, .. } in &rows.new_users {
        diesel::insert_into(users::table)
            .values((
                users::id.eq(DbId(user.id.as_uuid())),
                ProfileRow::from(user.profile.clone()),
                users::created_at.eq(DbInstant::from(user.created_at)),
                users::revision.eq(0),
            ))
            .execute(connection)?;
    }
    for planned in &rows.changed_users {
        let profile = ProfileRow::from(planned.user.profile.clone());
        let revision = users::revision.eq(planned.origin.revision() + 1);
        diesel::update(users::table.find(DbId(planned.user.id.as_uuid())))
            .set((profile, revision))
            .execute(connection)?;
    }
    Ok(())
}

fn write_identities(connection: &mut SqliteConnection, rows: &BatchRows<'_>) -> QueryResult<()> {
    for identity in &rows.new_identities {
        let planned = identity.planned;
        diesel::insert_into(identities::table)
            .values((
                identities::app_id.eq(planned.identity.app_id.as_str()),
                identities::open_id.eq(planned.identity.open_id.as_str()),
                identities::user_id.eq(DbId(planned.user_id.as_uuid())),
                identities::union_id.eq(planned.union_id()),
                identities::open_platform.eq(planned.open_platform()),
                identities::session_keys.eq(&identity.session_keys),
                identities::created_at.eq(DbInstant::from(planned.created_at)),
                identities::last_login_at.eq(DbInstant::from(planned.last_login_at)),
                identities::revision.eq(0),
                identities::sessions_opened.eq(planned.sessions_opened),
            ))
            .execute(connection)?;
    }
    for identity in &rows.changed_identities {
        update(identity).execute(connection)?;
    }
    Ok(())
}

fn write_union_ids(connection: &mut SqliteConnection, rows: &BatchRows<'_>) -> QueryResult<()> {
    for ((union_id, platform), user) in &rows.new_union_owners {
        diesel::insert_into(union_ids::table)
            .values((
                union_ids::open_platform.eq(platform.as_str()),
                union_ids::union_id.eq(union_id.as_str()),
                union_ids::user_id.eq(DbId(user.as_uuid())),
            ))
            .execute(connection)?;
    }
    for candidate in rows.merge_candidates {
        let (union_id, platform) = &candidate.union;
        diesel::insert_into(merge_candidates::table)
            .values((
                merge_candidates::id.eq(DbId(candidate.session_id.as_uuid())),
                merge_candidates::open_platform.eq(platform.as_str()),
                merge_candidates::union_id.eq(union_id.as_str()),
                merge_candidates::user_id.eq(DbId(candidate.user_id.as_uuid())),
                merge_candidates::union_user_id.eq(DbId(candidate.union_user_id.as_uuid())),
                merge_candidates::created_at.eq(DbInstant::from(candidate.at)),
            ))
            .on_conflict((merge_candidates::user_id, merge_candidates::union_user_id))
            .do_nothing()
            .execute(connection)?;
    }
    Ok(())
}

fn write_sessions(connection: &mut SqliteConnection, rows: &BatchRows<'_>) -> QueryResult<()> {
    for (visit, SessionAccount { session, .. }) in &rows.sessions {
        let created_at = DbInstant::from(session.created_at);
        diesel::insert_into(sessions::table)
            .values((
                sessions::id.eq(DbId(session.id.as_uuid())),
                sessions::user_id.eq(DbId(session.user_id.as_uuid())),
                sessions::app_id.eq(visit.app.id.as_str()),
                sessions::open_id.eq(visit.open_id.as_str()),
                sessions::generation.eq(1),
                sessions::created_at.eq(created_at),
                sessions::last_used_at.eq(created_at),
                sessions::expires_at.eq(DbInstant::from(session.expires_at)),
                sessions::code_hour.eq(code_hour(visit.at)),
                sessions::code_hash.eq(code_hash(visit)),
                sessions::nonce_hash.eq(nonce_hash(visit)),
            ))
            .execute(connection)?;
    }
    Ok(())
}

statement! {
    /// What every login does. (The update of a user is rare enough to be prepared each time.)
    UpdateIdentity = "
UPDATE identities
SET union_id = $1, open_platform = $2, session_keys = $3, last_login_at = $4,
    sessions_opened = $5, revision = revision + 1
WHERE open_id = $6 AND app_id = $7"
}

fn update<'a>(identity: &'a WrittenIdentity<'a>) -> Prepared<'a, UpdateIdentity, Sqlite> {
    let planned = identity.planned;
    Prepared::new(vec![
        value::<Nullable<Text>, _, _>(planned.union_id()),
        value::<Nullable<Text>, _, _>(planned.open_platform()),
        value::<Binary, _, _>(identity.session_keys.as_slice()),
        value::<Instant, _, _>(DbInstant::from(planned.last_login_at)),
        value::<Integer, _, _>(planned.sessions_opened),
        value::<Text, _, _>(planned.identity.open_id.as_str()),
        value::<Text, _, _>(planned.identity.app_id.as_str()),
    ])
}
