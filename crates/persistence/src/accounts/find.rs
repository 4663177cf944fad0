//! Reading accounts.

use std::collections::BTreeMap;

use diesel::dsl::exists;
use diesel::prelude::*;
use domain::account::{
    Account, AccountExport, AccountIdentity, AccountQuery, EXPORTED_SESSIONS, Page,
};
use domain::id::{OpenId, UnionId, UserId};

use crate::connection::{AnyBackend, AnyConnection};
use crate::error::DbResult;
use crate::rows::{IdentityNames, UserRow};
use crate::schema::{identities, merge_candidates, users};
use crate::types::{DbId, DbInstant};
use crate::{audit, session_lifecycle};

pub(super) fn find(connection: &mut AnyConnection, id: UserId) -> DbResult<Option<Account>> {
    let row = users::table
        .find(DbId(id.as_uuid()))
        .select(UserRow::as_select())
        .load(connection)?;
    Ok(accounts(connection, row)?.pop())
}

pub(super) fn search(
    connection: &mut AnyConnection,
    query: &AccountQuery,
    page: Page<UserId>,
) -> DbResult<Vec<Account>> {
    let mut found = users::table
        .select(UserRow::as_select())
        .into_boxed::<AnyBackend>();
    if let Some(after) = page.after {
        found = found.filter(users::id.gt(DbId(after.as_uuid())));
    }
    if !query.phones.is_empty() {
        found = found.filter(users::phone.eq_any(&query.phones));
    }
    let of_user = || identities::table.filter(identities::user_id.eq(users::id));
    if let Some(open_id) = query.open_id.as_ref().map(OpenId::as_str) {
        found = found.filter(exists(of_user().filter(identities::open_id.eq(open_id))));
    }
    if let Some(union_id) = query.union_id.as_ref().map(UnionId::as_str) {
        found = found.filter(exists(of_user().filter(identities::union_id.eq(union_id))));
    }
    let rows = found
        .order(users::id)
        .limit(page.limit.into())
        .load(connection)?;
    accounts(connection, rows)
}

/// Everything about a user. Runs in a transaction.
pub(super) fn export(
    connection: &mut AnyConnection,
    id: UserId,
) -> DbResult<Option<AccountExport>> {
    let Some(account) = find(connection, id)? else {
        return Ok(None);
    };
    Ok(Some(AccountExport {
        account,
        sessions: session_lifecycle::list(connection, id, None, Page::first(EXPORTED_SESSIONS))?,
        audit: audit::of_user(connection, id)?,
        merge_candidates: others_of(connection, id)?,
    }))
}

/// The users whom this one may be one person with.
fn others_of(connection: &mut AnyConnection, id: UserId) -> DbResult<Vec<UserId>> {
    let own = DbId(id.as_uuid());
    let pairs = merge_candidates::table
        .filter(merge_candidates::user_id.eq(own))
        .or_filter(merge_candidates::union_user_id.eq(own))
        .order(merge_candidates::id)
        .select((merge_candidates::user_id, merge_candidates::union_user_id))
        .load::<(DbId, DbId)>(connection)?;
    let other = |(user, union_user): (DbId, DbId)| if user == own { union_user } else { user };
    Ok(pairs
        .into_iter()
        .map(|pair| UserId::new(other(pair).0))
        .collect())
}

type AccountIdentityRow = (DbId, IdentityNames, DbInstant, DbInstant);

/// The accounts of some users, in their order.
fn accounts(connection: &mut AnyConnection, rows: Vec<UserRow>) -> DbResult<Vec<Account>> {
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    let mut identities_by_user = BTreeMap::<_, Vec<_>>::new();
    let found = identities::table
        .filter(identities::user_id.eq_any(ids))
        .order((
            identities::created_at,
            identities::app_id,
            identities::open_id,
        ))
        .select((
            identities::user_id,
            IdentityNames::as_select(),
            identities::created_at,
            identities::last_login_at,
        ))
        .load::<AccountIdentityRow>(connection)?;
    for (user, names, created_at, last_login_at) in found {
        let identity = AccountIdentity {
            identity: names.into(),
            created_at: created_at.into(),
            last_login_at: last_login_at.into(),
        };
        identities_by_user.entry(user.0).or_default().push(identity);
    }
    let accounts = rows.into_iter().map(|row| Account {
        identities: identities_by_user.remove(&row.id.0).unwrap_or_default(),
        user: row.into(),
    });
    Ok(accounts.collect())
}
