//! A batch of uses on PostgreSQL.
//!
//! One statement carries on all sessions that are live and whose generation is not beyond the
//! token's. What it does not give back (a replay, a session that has ended or was changed at that
//! moment, a use that changes nothing) is read, for the rules to settle.

use std::collections::{BTreeMap, HashMap};

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Integer, Nullable};
use domain::id::SessionId;
use domain::session::SessionAccount;

use super::rules::as_column;
use super::{Noted, NotedUse};
use crate::error::DbResult;
use crate::rows::AccountRow;
use crate::sessions;
use crate::statement::{Prepared, list, statement};
use crate::types::{DbId, DbInstant, Id, Instant};

pub(super) fn note(connection: &mut PgConnection, uses: &[&NotedUse]) -> DbResult<Vec<Noted>> {
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
) -> DbResult<Accounts> {
    let uses: Vec<_> = uses.values().collect();
    let lists = vec![
        list::<Id, _, _>(&uses, |used| DbId(used.session.as_uuid())),
        list::<Integer, _, _>(&uses, |used| as_column(used.generation)),
        list::<Instant, _, _>(&uses, |used| DbInstant::from(used.at)),
        list::<Nullable<Instant>, _, _>(&uses, |used| used.expires_at().map(DbInstant::from)),
    ];
    let statement = Prepared::<CarryOn, Pg>::new(lists).select(AccountRow::as_select());
    let rows: Vec<AccountRow> = statement.load(connection)?;
    Ok(by_id(rows.into_iter().map(Into::into)))
}

fn find(connection: &mut PgConnection, ids: Vec<SessionId>) -> DbResult<Accounts> {
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

statement! {
    /// Writes those uses that change a live session in which nothing newer has been used.
    CarryOn = "
UPDATE sessions
SET generation = v.generation,
    expires_at = coalesce(v.expires_at, sessions.expires_at),
    last_used_at = CASE WHEN sessions.generation < v.generation THEN v.at
                        ELSE sessions.last_used_at END
FROM unnest($1::uuid[], $2::integer[], $3::timestamptz[], $4::timestamptz[])
         AS v (session_id, generation, at, expires_at),
     identities, users
WHERE sessions.id = v.session_id
  AND sessions.ended_at IS NULL AND sessions.expires_at > v.at
  AND (sessions.generation < v.generation
       OR sessions.generation = v.generation AND sessions.expires_at <> v.expires_at)
  AND identities.open_id = sessions.open_id AND identities.app_id = sessions.app_id
  AND identities.user_id = sessions.user_id
  AND users.id = sessions.user_id AND users.disabled_at IS NULL
  AND (users.sessions_ended_until IS NULL OR sessions.created_at > users.sessions_ended_until)
RETURNING *"
}
