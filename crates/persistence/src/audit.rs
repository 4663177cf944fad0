//! The audit log.

use async_trait::async_trait;
use diesel::dsl::exists;
use diesel::prelude::*;
use domain::audit::{AuditAction, AuditEntry};
use domain::id::UserId;
use domain::ports::{AuditLog, RepositoryError};

use crate::connection::AnyConnection;
use crate::error::DatabaseError;
use crate::pool::Pool;
use crate::schema::audit_log;
use crate::types::{DbId, DbInstant};

/// [`AuditLog`] in Diesel.
#[derive(Clone)]
pub struct DieselAuditLog {
    pub(crate) pool: Pool,
}

#[async_trait]
impl AuditLog for DieselAuditLog {
    async fn record(&self, entry: AuditEntry) -> Result<(), RepositoryError> {
        let recorded = self.pool.run(move |connection| record(connection, &entry));
        Ok(recorded.await?)
    }
}

/// Keeps an entry, if it is not kept already: a step that lost its connection while it was being
/// committed is repeated.
pub(crate) fn record(
    connection: &mut AnyConnection,
    entry: &AuditEntry,
) -> Result<(), DatabaseError> {
    let same = audit_log::table.find(DbId(entry.id));
    if diesel::select(exists(same)).get_result::<bool>(connection)? {
        return Ok(());
    }
    diesel::insert_into(audit_log::table)
        .values((
            audit_log::id.eq(DbId(entry.id)),
            audit_log::at.eq(DbInstant::from(entry.at)),
            audit_log::actor.eq(&entry.actor),
            audit_log::action.eq(entry.action.as_str()),
            audit_log::user_id.eq(entry.user_id.map(|user| DbId(user.as_uuid()))),
            audit_log::subject.eq(&entry.subject),
            audit_log::from_ip.eq(entry.from.map(|from| from.to_string())),
        ))
        .execute(connection)?;
    Ok(())
}

/// What was done to a user, in its order.
pub(crate) fn of_user(
    connection: &mut AnyConnection,
    user: UserId,
) -> Result<Vec<AuditEntry>, DatabaseError> {
    let rows = audit_log::table
        .filter(audit_log::user_id.eq(DbId(user.as_uuid())))
        .order((audit_log::at, audit_log::id))
        .load::<AuditRow>(connection)?;
    rows.into_iter().map(AuditRow::into_entry).collect()
}

#[derive(Queryable)]
struct AuditRow {
    id: DbId,
    at: DbInstant,
    actor: String,
    action: String,
    user_id: Option<DbId>,
    subject: Option<String>,
    from_ip: Option<String>,
}

impl AuditRow {
    fn into_entry(self) -> Result<AuditEntry, DatabaseError> {
        let unknown = || DatabaseError::nonsense("an audit entry is of an unknown action");
        Ok(AuditEntry {
            id: self.id.0,
            at: self.at.into(),
            actor: self.actor,
            action: AuditAction::from_name(&self.action).ok_or_else(unknown)?,
            user_id: self.user_id.map(|user| UserId::new(user.0)),
            subject: self.subject,
            from: self.from_ip.and_then(|from| from.parse().ok()),
        })
    }
}
