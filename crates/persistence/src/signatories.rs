//! Whose session_key signs: reads of many at a time.

use std::collections::HashMap;
use std::hash::Hash;

use async_trait::async_trait;
use diesel::prelude::*;
use domain::id::{AppId, OpenId, UserId};
use domain::ports::{SignatoryRepository, StoreResult};
use domain::signatures::{Signatory, Whom};

use crate::connection::AnyConnection;
use crate::database::Database;
use crate::error::DbResult;
use crate::group_commit::Batched;
use crate::schema::{identities, users};
use crate::types::{DbId, DbInstant};

#[async_trait]
impl SignatoryRepository for Database {
    async fn find(&self, app: &AppId, user: &Whom) -> StoreResult<Option<Signatory>> {
        let asked = Asked {
            app: app.clone(),
            user: user.clone(),
        };
        let Some(row) = self.signatories.write(asked).await? else {
            return Ok(None);
        };
        let open_id = OpenId::new(row.open_id);
        let keys = &row.session_keys;
        let session_key = self.vaults.session_keys.open_newest(app, &open_id, keys)?;
        Ok(Some(Signatory {
            user_id: UserId::new(row.user_id.0),
            is_disabled: row.disabled_at.is_some(),
            open_id,
            session_key,
        }))
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Asked {
    app: AppId,
    user: Whom,
}

/// An identity with what a signature needs.
#[derive(Clone, Queryable, Selectable)]
#[diesel(table_name = identities)]
pub(crate) struct SignatoryRow {
    app_id: String,
    open_id: String,
    user_id: DbId,
    last_login_at: DbInstant,
    session_keys: Vec<u8>,
    #[diesel(select_expression = users::disabled_at)]
    disabled_at: Option<DbInstant>,
}

/// Signatories are read. Those who are asked for while a batch is being read share the next one.
#[derive(Clone)]
pub(crate) struct Signatories;

impl Batched for Signatories {
    type Item = Asked;
    type Outcome = Option<SignatoryRow>;

    const NAME: &'static str = "signatories";

    fn key(asked: &Asked) -> impl Hash {
        asked
    }

    fn write(
        &self,
        connection: &mut AnyConnection,
        asked: &[&Asked],
    ) -> DbResult<Vec<Option<SignatoryRow>>> {
        let rows = match connection {
            AnyConnection::Postgres(connection) => all(connection, asked)?,
            AnyConnection::Sqlite(connection) => one_by_one(connection, asked)?,
        };
        let newest = newest(&rows);
        let found = asked.iter().map(|one| newest.get(*one).copied().cloned());
        Ok(found.collect())
    }
}

/// The identities of all users and of all openids, those in other apps too.
fn all(connection: &mut PgConnection, asked: &[&Asked]) -> QueryResult<Vec<SignatoryRow>> {
    let (mut ids, mut open_ids) = (Vec::new(), Vec::new());
    for asked in asked {
        match &asked.user {
            Whom::User(id) => ids.push(DbId(id.as_uuid())),
            Whom::OpenId(open_id) => open_ids.push(open_id.as_str()),
        }
    }
    let all = || identities::table.inner_join(users::table);
    let columns = SignatoryRow::as_select;
    let mut rows = Vec::new();
    if !ids.is_empty() {
        let of_users = all().filter(identities::user_id.eq_any(ids));
        rows = of_users.select(columns()).load(connection)?;
    }
    if !open_ids.is_empty() {
        let of_open_ids = all().filter(identities::open_id.eq_any(open_ids));
        rows.append(&mut of_open_ids.select(columns()).load(connection)?);
    }
    Ok(rows)
}

fn one_by_one(
    connection: &mut SqliteConnection,
    asked: &[&Asked],
) -> QueryResult<Vec<SignatoryRow>> {
    let mut rows = Vec::with_capacity(asked.len());
    for Asked { app, user } in asked {
        let in_app = identities::table
            .inner_join(users::table)
            .select(SignatoryRow::as_select())
            .filter(identities::app_id.eq(app.as_str()));
        let mut found = match user {
            Whom::User(id) => in_app
                .filter(identities::user_id.eq(DbId(id.as_uuid())))
                .load(connection)?,
            Whom::OpenId(open_id) => in_app
                .filter(identities::open_id.eq(open_id.as_str()))
                .load(connection)?,
        };
        rows.append(&mut found);
    }
    Ok(rows)
}

/// The rows by what finds them. Of several of one user in one app the one that logged in last counts.
fn newest(rows: &[SignatoryRow]) -> HashMap<Asked, &SignatoryRow> {
    let mut newest = HashMap::<Asked, &SignatoryRow>::with_capacity(rows.len() * 2);
    for row in rows {
        let names = [
            Whom::User(UserId::new(row.user_id.0)),
            Whom::OpenId(OpenId::new(row.open_id.as_str())),
        ];
        for user in names {
            let app = AppId::new(row.app_id.as_str());
            let kept = newest.entry(Asked { app, user }).or_insert(row);
            if kept.last_login_at < row.last_login_at {
                *kept = row;
            }
        }
    }
    newest
}
