//! The statements that load what is known of a batch's visitors.

use diesel::pg::{Pg, PgConnection};
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, Nullable, Text};
use diesel::{QueryResult, RunQueryDsl};

use crate::schema::{AllOf, identities, users};
use crate::types::Instant;

type SqlTypeOf<Columns> = <Columns as diesel::Expression>::SqlType;

/// All columns of `users u`, in the order of [`UserRow`](crate::rows::UserRow).
macro_rules! user_columns {
    () => {
        "u.id, u.nick_name, u.avatar_url, u.gender, u.language, u.country, u.province, u.city, \
         u.phone, u.created_at, u.disabled_at, u.revision, \
         (SELECT max(s.last_login_at) FROM identities s WHERE s.user_id = u.id)"
    };
}

/// Identities by their names, with their users.
pub(super) struct LoadIdentities<'a> {
    pub(super) app_ids: Vec<&'a str>,
    pub(super) open_ids: Vec<&'a str>,
}

/// The text is always the same: PostgreSQL prepares it once a connection.
impl QueryId for LoadIdentities<'_> {
    type QueryId = LoadIdentities<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl Query for LoadIdentities<'_> {
    type SqlType = (
        SqlTypeOf<AllOf<identities::table>>,
        SqlTypeOf<AllOf<users::table>>,
        Nullable<Instant>,
    );
}

impl RunQueryDsl<PgConnection> for LoadIdentities<'_> {}

impl QueryFragment<Pg> for LoadIdentities<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(concat!(
            "SELECT i.app_id, i.open_id, i.user_id, i.union_id, i.open_platform, i.session_keys, \
             i.created_at, i.last_login_at, i.revision, ",
            user_columns!(),
            " FROM unnest("
        ));
        out.push_bind_param::<Array<Text>, _>(&self.app_ids)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.open_ids)?;
        out.push_sql(
            ") AS v (app_id, open_id) \
             JOIN identities i ON i.open_id = v.open_id AND i.app_id = v.app_id \
             JOIN users u ON u.id = i.user_id",
        );
        Ok(())
    }
}

/// The owners of unionids.
pub(super) struct LoadUnionOwners<'a> {
    pub(super) union_ids: Vec<&'a str>,
    pub(super) open_platforms: Vec<&'a str>,
}

/// The text is always the same: PostgreSQL prepares it once a connection.
impl QueryId for LoadUnionOwners<'_> {
    type QueryId = LoadUnionOwners<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl Query for LoadUnionOwners<'_> {
    type SqlType = (
        Text,
        Text,
        SqlTypeOf<AllOf<users::table>>,
        Nullable<Instant>,
    );
}

impl RunQueryDsl<PgConnection> for LoadUnionOwners<'_> {}

impl QueryFragment<Pg> for LoadUnionOwners<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(concat!(
            "SELECT o.union_id, o.open_platform, ",
            user_columns!(),
            " FROM unnest("
        ));
        out.push_bind_param::<Array<Text>, _>(&self.union_ids)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.open_platforms)?;
        out.push_sql(
            ") AS v (union_id, open_platform) \
             JOIN union_ids o ON o.union_id = v.union_id AND o.open_platform = v.open_platform \
             JOIN users u ON u.id = o.user_id",
        );
        Ok(())
    }
}
