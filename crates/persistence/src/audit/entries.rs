//! Entries of the audit log, written many at a time.

use std::hash::Hash;

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};
use domain::audit::AuditEntry;

use crate::connection::{AnyBackend, AnyConnection};
use crate::error::DbResult;
use crate::group_commit::Batched;
use crate::statement::{Prepared, list, statement, value};
use crate::transaction::transaction;
use crate::types::{DbId, DbInstant, Id, Instant};

/// Entries that accompany no change are stored. On PostgreSQL a batch is one statement, on SQLite one
/// transaction. Entries that are stored already are left as they are.
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
            AnyConnection::Postgres(connection) => record_all(connection, entries)?,
            AnyConnection::Sqlite(_) => transaction(connection, |connection| {
                let mut entries = entries.iter();
                entries.try_for_each(|entry| record(connection, entry))
            })?,
        }
        Ok(vec![(); entries.len()])
    }
}

fn record_all(connection: &mut PgConnection, entries: &[&AuditEntry]) -> QueryResult<()> {
    let lists = vec![
        list::<Id, _, _>(entries, |entry| DbId(entry.id)),
        list::<Instant, _, _>(entries, |entry| DbInstant::from(entry.at)),
        list::<Text, _, _>(entries, |entry| entry.actor.as_str()),
        list::<Text, _, _>(entries, |entry| entry.action.as_str()),
        list::<Nullable<Id>, _, _>(entries, |entry| user(entry)),
        list::<Nullable<Text>, _, _>(entries, |entry| entry.subject.as_deref()),
        list::<Nullable<Text>, _, _>(entries, |entry| address(entry)),
    ];
    let statement = Prepared::<RecordAll, Pg>::new(lists);
    statement.execute(connection).map(drop)
}

/// Stores an entry if it is not stored already: a step that lost its connection while it was being
/// committed is repeated.
pub(crate) fn record(connection: &mut AnyConnection, entry: &AuditEntry) -> DbResult<()> {
    let columns = vec![
        value::<Id, _, _>(DbId(entry.id)),
        value::<Instant, _, _>(DbInstant::from(entry.at)),
        value::<Text, _, _>(entry.actor.as_str()),
        value::<Text, _, _>(entry.action.as_str()),
        value::<Nullable<Id>, _, _>(user(entry)),
        value::<Nullable<Text>, _, _>(entry.subject.as_deref()),
        value::<Nullable<Text>, _, _>(address(entry)),
    ];
    Prepared::<Record, AnyBackend>::new(columns).execute(connection)?;
    Ok(())
}

fn user(entry: &AuditEntry) -> Option<DbId> {
    entry.user_id.map(|user| DbId(user.as_uuid()))
}

fn address(entry: &AuditEntry) -> Option<String> {
    entry.from.map(|from| from.to_string())
}

statement! {
    RecordAll = "
INSERT INTO audit_log (id, at, actor, action, user_id, subject, from_ip)
SELECT v.id, v.at, v.actor, v.action, v.user_id, v.subject, v.from_ip
FROM unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::text[])
         AS v (id, at, actor, action, user_id, subject, from_ip)
ON CONFLICT (id) DO NOTHING"
}

statement! {
    Record = "
INSERT INTO audit_log (id, at, actor, action, user_id, subject, from_ip)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (id) DO NOTHING"
}
