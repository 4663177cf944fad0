//! A batch of uses on PostgreSQL.
//!
//! One statement carries on all sessions that are live and whose generation is not beyond the
//! token's. What it does not give back (a replay, a session that has ended or was changed at that
//! moment, a use that changes nothing) is read, for the rules to settle.

use std::collections::{BTreeMap, HashMap};

use diesel::prelude::*;
use diesel::sql_types::{Integer, Nullable, Text};
use domain::id::SessionId;
use domain::session::SessionAccount;

use super::rules::as_column;
use super::{Noted, NotedUse};
use crate::columns::columns;
use crate::error::DatabaseError;
use crate::schema::{AllOf, users};
use crate::sessions::{self, AccountRow};
use crate::statement::{Load, LoadAll, SqlTypeOf, Statement, USER};
use crate::types::{DbId, DbInstant, Id, Instant};

pub(super) fn note(
    connection: &mut PgConnection,
    uses: &[&NotedUse],
) -> Result<Vec<Noted>, DatabaseError> {
    // By id, so that two replicas take their locks in the same order.
    let mut firsts = BTreeMap::<SessionId, NotedUse>::new();
    for used in uses {
        let first = firsts.entry(used.session).or_insert(**used);
        if is_same_use(first, used) && used.expires_at() > first.expires_at() {
            first.token = used.token;
        }
    }
    let written = carry_on(connection, &firsts)?;
    let written_for = |used: &NotedUse| {
        let first = firsts.get(&used.session)?;
        let account = written.get(&used.session)?;
        is_same_use(first, used).then_some(account)
    };
    let others = uses.iter().filter(|used| written_for(used).is_none());
    let found = find(connection, others.map(|used| used.session).collect())?;
    let noted = uses.iter().map(|used| match written_for(used) {
        Some(account) => Noted::Written(account.clone()),
        None => Noted::NotYet(found.get(&used.session).cloned()),
    });
    Ok(noted.collect())
}

type Accounts = HashMap<SessionId, Box<SessionAccount>>;

/// Several requests may use one token at the same moment. That is one use.
fn is_same_use(one: &NotedUse, other: &NotedUse) -> bool {
    one.generation == other.generation && one.expires_at().is_some() == other.expires_at().is_some()
}

/// Gives the sessions that go on.
fn carry_on(
    connection: &mut PgConnection,
    uses: &BTreeMap<SessionId, NotedUse>,
) -> Result<Accounts, DatabaseError> {
    let rows: Vec<_> = uses.values().map(UseRow::of).collect();
    let rows = LoadAll::<CarryOn>::of(&rows).load::<AccountRow>(connection)?;
    Ok(by_id(rows.into_iter().map(sessions::account)))
}

fn find(connection: &mut PgConnection, ids: Vec<SessionId>) -> Result<Accounts, DatabaseError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    Ok(by_id(sessions::find_all(connection, ids)?.into_iter()))
}

fn by_id(accounts: impl Iterator<Item = SessionAccount>) -> Accounts {
    accounts
        .map(|account| (account.session.id, Box::new(account)))
        .collect()
}

struct UseRow {
    session: DbId,
    generation: i32,
    at: DbInstant,
    expires_at: Option<DbInstant>,
}

columns! {
    UseRow {
        session_id: Id = session,
        generation: Integer = generation,
        at: Instant = at,
        expires_at: Nullable<Instant> = expires_at,
    }
}

impl UseRow {
    fn of(used: &NotedUse) -> Self {
        Self {
            session: DbId(used.session.as_uuid()),
            generation: as_column(used.generation),
            at: used.at.into(),
            expires_at: used.expires_at().map(DbInstant::from),
        }
    }
}

/// Writes those uses that change a live session in which nothing newer has been used.
struct CarryOn;

impl Statement for CarryOn {
    type Row<'a> = UseRow;
    const HEAD: &'static [&'static str] = &["UPDATE sessions AS t SET generation = v.generation, \
         expires_at = coalesce(v.expires_at, t.expires_at), \
         last_used_at = CASE WHEN t.generation < v.generation THEN v.at \
         ELSE t.last_used_at END FROM "];
    const TAIL: &'static [&'static str] = &[
        ", identities i, users u WHERE t.id = v.session_id \
         AND t.ended_at IS NULL AND t.expires_at > v.at AND u.disabled_at IS NULL \
         AND (u.sessions_ended_until IS NULL OR t.created_at > u.sessions_ended_until) \
         AND (t.generation < v.generation \
         OR t.generation = v.generation AND t.expires_at <> v.expires_at) \
         AND i.open_id = t.open_id AND i.app_id = t.app_id AND i.user_id = t.user_id \
         AND u.id = t.user_id \
         RETURNING t.id, t.user_id, t.generation, t.created_at, t.last_used_at, t.expires_at, \
         t.ended_at, \
         i.app_id, i.open_id, i.union_id, ",
        USER,
    ];
}

impl Load for CarryOn {
    type SqlType = (
        (
            Id,
            Id,
            Integer,
            Instant,
            Instant,
            Instant,
            Nullable<Instant>,
        ),
        (Text, Text, Nullable<Text>),
        SqlTypeOf<AllOf<users::table>>,
        Nullable<Instant>,
    );
}
