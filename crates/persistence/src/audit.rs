//! The audit log.

use std::hash::Hash;

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};
use domain::account::Page;
use domain::audit::{AuditAction, AuditActor, AuditEntry, AuditQuery};
use domain::id::UserId;
use domain::ports::{AuditLog, StoreResult};
use uuid::Uuid;

use crate::connection::{AnyBackend, AnyConnection};
use crate::database::Database;
use crate::error::{DatabaseError, DbResult};
use crate::group_commit::Batched;
use crate::schema::audit_log;
use crate::statement::{for_rows, write_all};
use crate::transaction::transaction;
use crate::types::{DbId, DbInstant, Id, Instant};

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

/// Entries that accompany no change are stored. On PostgreSQL a batch is one statement, on SQLite one
/// transaction.
#[derive(Clone)]
pub(crate) struct AuditEntries;

impl Batched for AuditEntries {
    type Item = AuditEntry;
    type Outcome = ();

    const NAME: &'static str = "audit entries";

    fn key(entry: &AuditEntry) -> impl Hash {
        entry.id
    }

    fn write(&self, connection: &mut AnyConnection, entries: &[&AuditEntry]) -> DbResult<Vec<()>> {
        match connection {
            AnyConnection::Postgres(_) => write_all::<Record>(connection, entries)?,
            AnyConnection::Sqlite(_) => transaction(connection, |connection| {
                Ok(write_all::<Record>(connection, entries)?)
            })?,
        }
        Ok(vec![(); entries.len()])
    }
}

pub(crate) fn record(connection: &mut AnyConnection, entry: &AuditEntry) -> DbResult<()> {
    Ok(write_all::<Record>(connection, &[entry])?)
}

for_rows! {
    /// Entries that are stored already are left as they are: a step that lost its connection while it
    /// was being committed is repeated.
    Record(entry: &'a AuditEntry)
    postgres = "
INSERT INTO audit_log (id, at, actor, action, user_id, subject, from_ip)
SELECT v.id, v.at, v.actor, v.action, v.user_id, v.subject, v.from_ip
FROM unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::text[])
         AS v (id, at, actor, action, user_id, subject, from_ip)
ON CONFLICT (id) DO NOTHING"
    sqlite = "
INSERT INTO audit_log (id, at, actor, action, user_id, subject, from_ip)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (id) DO NOTHING"
    Id = DbId(entry.id),
    Instant = DbInstant::from(entry.at),
    Text = entry.actor.as_str(),
    Text = entry.action.as_str(),
    Nullable<Id> = entry.user_id.map(|user| DbId(user.as_uuid())),
    Nullable<Text> = entry.subject.as_deref(),
    Nullable<Text> = entry.from.map(|from| from.to_string()),
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
