//! A batch on PostgreSQL: one statement loads (two more for first logins), one writes.
//!
//! Both take lists, so their text does not depend on how many visits there are, and PostgreSQL
//! prepares it once a connection. The write is a transaction of its own: no BEGIN, no COMMIT, no
//! locks held while we plan. It fails as a whole, and the batch is loaded and planned anew,
//! - if an identity, or a unionid's owner, that is to be new has come meanwhile (primary keys);
//! - if a row that is to change has another revision than the one loaded.

mod parts;
mod write;

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Binary, Text};
use domain::id::{AppId, OpenId};

use super::Store;
use super::batch_rows::BatchRows;
use super::known::UnionKey;
use super::load::{KnownIdentityRow, UnionOwnerRow};
use crate::schema::ban_hashes;
use crate::statement::{Prepared, list, statement};
use write::WriteBatch;

impl Store for PgConnection {
    fn identities(&mut self, names: &[(&OpenId, &AppId)]) -> QueryResult<Vec<KnownIdentityRow>> {
        let statement = Prepared::<LoadIdentities, Pg>::new(vec![
            list::<Text, _, _>(names, |(open_id, _)| open_id.as_str()),
            list::<Text, _, _>(names, |(_, app_id)| app_id.as_str()),
        ]);
        statement.select(KnownIdentityRow::as_select()).load(self)
    }

    fn union_owners(&mut self, unions: &[UnionKey]) -> QueryResult<Vec<UnionOwnerRow>> {
        let statement = Prepared::<LoadUnionOwners, Pg>::new(vec![
            list::<Text, _, _>(unions, |(union_id, _)| union_id.as_str()),
            list::<Text, _, _>(unions, |(_, platform)| platform.as_str()),
        ]);
        statement.select(UnionOwnerRow::as_select()).load(self)
    }

    fn banned(&mut self, hashes: &[[u8; 32]]) -> QueryResult<Vec<Vec<u8>>> {
        let lists = vec![list::<Binary, _, _>(hashes, <[u8; 32]>::as_slice)];
        let statement = Prepared::<LoadBans, Pg>::new(lists);
        statement.select(ban_hashes::hash).load(self)
    }

    fn write(&mut self, rows: &BatchRows<'_>) -> QueryResult<()> {
        if rows.sessions.is_empty() {
            return Ok(());
        }
        WriteBatch::of(rows).execute(self).map(drop)
    }
}

statement! {
    LoadIdentities = "
SELECT *
FROM unnest($1::text[], $2::text[]) AS v (open_id, app_id)
JOIN identities ON identities.open_id = v.open_id AND identities.app_id = v.app_id
JOIN users ON users.id = identities.user_id"
}

statement! {
    LoadUnionOwners = "
SELECT *
FROM unnest($1::text[], $2::text[]) AS v (union_id, open_platform)
JOIN union_ids ON union_ids.union_id = v.union_id AND union_ids.open_platform = v.open_platform
JOIN users ON users.id = union_ids.user_id"
}

statement! {
    LoadBans = "
SELECT *
FROM unnest($1::bytea[]) AS v (hash)
JOIN ban_hashes ON ban_hashes.hash = v.hash"
}
