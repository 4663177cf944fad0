//! The audit log.

mod entries;

use async_trait::async_trait;
use diesel::prelude::*;
use domain::account::Page;
use domain::audit::{AuditAction, AuditActor, AuditEntry, AuditQuery};
use domain::id::UserId;
use domain::ports::{AuditLog, StoreResult};
use uuid::Uuid;

use crate::connection::{AnyBackend, AnyConnection};
use crate::database::Database;
use crate::error::{DatabaseError, DbResult};
use crate::schema::audit_log;
use crate::types::{DbId, DbInstant};
pub(crate) use entries::{AuditEntries, record};

#[async_trait]
impl AuditLog for Database {
    async fn record(&self, entry: AuditEntry) -> StoreResult<()> {
        self.audit_entries.write(entry).await
    }

    async fn search(&self, query: &AuditQuery, page: Page<Uuid>) -> StoreResult<Vec<AuditEntry>> {
        let query = *query;
        self.call(move |connection| {
            let mut found = audit_log::table.into_boxed::<AnyBackend>();
            if let Some(user) = query.user_id {
                found = found.filter(audit_log::user_id.eq(DbId(user.as_uuid())));
            }
            if let Some(action) = query.action {
                found = found.filter(audit_log::action.eq(action.as_str()));
            }
            if let Some(after) = page.after {
                found = found.filter(audit_log::id.lt(DbId(after)));
            }
            let rows = found
                .order(audit_log::id.desc())
                .limit(page.limit.into())
                .load::<AuditRow>(connection)?;
            rows.into_iter().map(AuditRow::into_entry).collect()
        })
        .await
    }
}

/// The entry of a deed that was done before its answer was lost. `None` if it was not done.
pub(crate) fn find(connection: &mut AnyConnection, id: Uuid) -> DbResult<Option<AuditEntry>> {
    let row = audit_log::table.find(DbId(id));
    let row = row.first::<AuditRow>(connection).optional()?;
    row.map(AuditRow::into_entry).transpose()
}

/// What was done to a user, in its order.
pub(crate) fn of_user(connection: &mut AnyConnection, user: UserId) -> DbResult<Vec<AuditEntry>> {
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
    fn into_entry(self) -> DbResult<AuditEntry> {
        let unknown = || DatabaseError::nonsense("an audit entry is of an unknown action");
        Ok(AuditEntry {
            id: self.id.0,
            at: self.at.into(),
            actor: AuditActor::from_name(self.actor),
            action: AuditAction::from_name(&self.action).ok_or_else(unknown)?,
            user_id: self.user_id.map(|user| UserId::new(user.0)),
            subject: self.subject,
            from: self.from_ip.and_then(|from| from.parse().ok()),
        })
    }
}
