//! The statement that writes a batch.

use diesel::pg::{Pg, PgConnection};
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Binary, Integer, Nullable, SmallInt, Text};
use diesel::{QueryResult, RunQueryDsl};

use super::columns::Columns;
use crate::types::{Id, Instant};
use crate::visits::batch_rows::{
    BatchRows, ChangedIdentity, ChangedUser, NewIdentity, NewMergeCandidate, NewSessionRow,
    NewUnionOwner, NewUser, ProfileColumns,
};

/// Writes all rows of a batch, or none.
pub(super) struct WriteBatch<'a> {
    new_users: Columns<'a, NewUser<'a>>,
    changed_users: Columns<'a, ChangedUser<'a>>,
    new_identities: Columns<'a, NewIdentity<'a>>,
    changed_identities: Columns<'a, ChangedIdentity<'a>>,
    new_union_owners: Columns<'a, NewUnionOwner<'a>>,
    merge_candidates: Columns<'a, NewMergeCandidate<'a>>,
    sessions: Columns<'a, NewSessionRow<'a>>,
    /// How many rows are to change, as far as they can have changed meanwhile.
    changing: i64,
}

/// The text is always the same: PostgreSQL prepares it once a connection.
impl QueryId for WriteBatch<'_> {
    type QueryId = WriteBatch<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl RunQueryDsl<PgConnection> for WriteBatch<'_> {}

impl QueryFragment<Pg> for WriteBatch<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "WITH new_users AS (\
             INSERT INTO users (id, nick_name, avatar_url, gender, language, country, province, \
             city, created_at) SELECT * FROM ",
        );
        self.new_users.unnest(&mut out)?;
        out.push_sql(
            "), changed_users AS (\
             UPDATE users u SET nick_name = v.nick_name, avatar_url = v.avatar_url, \
             gender = v.gender, language = v.language, country = v.country, \
             province = v.province, city = v.city, revision = u.revision + 1 FROM ",
        );
        self.changed_users.unnest(&mut out)?;
        out.push_sql(
            " AS v (id, revision, nick_name, avatar_url, gender, language, country, province, \
             city) WHERE u.id = v.id AND u.revision = v.revision RETURNING 1\
             ), new_identities AS (\
             INSERT INTO identities (app_id, open_id, user_id, union_id, open_platform, \
             session_keys, created_at, last_login_at) SELECT * FROM ",
        );
        self.new_identities.unnest(&mut out)?;
        out.push_sql(
            "), changed_identities AS (\
             UPDATE identities i SET union_id = v.union_id, open_platform = v.open_platform, \
             session_keys = v.session_keys, last_login_at = v.last_login_at, \
             revision = i.revision + 1 FROM ",
        );
        self.changed_identities.unnest(&mut out)?;
        out.push_sql(
            " AS v (app_id, open_id, revision, union_id, open_platform, session_keys, \
             last_login_at) WHERE i.open_id = v.open_id AND i.app_id = v.app_id \
             AND i.revision = v.revision RETURNING 1\
             ), new_union_owners AS (\
             INSERT INTO union_ids (open_platform, union_id, user_id) SELECT * FROM ",
        );
        self.new_union_owners.unnest(&mut out)?;
        out.push_sql(
            "), new_merge_candidates AS (\
             INSERT INTO merge_candidates (id, open_platform, union_id, user_id, union_user_id, \
             created_at) SELECT * FROM ",
        );
        self.merge_candidates.unnest(&mut out)?;
        out.push_sql(
            " ON CONFLICT (user_id, union_user_id) DO NOTHING\
             ) INSERT INTO sessions (id, user_id, app_id, open_id, generation, created_at, \
             last_used_at, expires_at, code_hour, code_hash, nonce_hash) \
             SELECT v.id, CASE WHEN (SELECT count(*) FROM changed_users) \
             + (SELECT count(*) FROM changed_identities) = ",
        );
        out.push_bind_param::<BigInt, _>(&self.changing)?;
        out.push_sql(
            " THEN v.user_id END, v.app_id, v.open_id, 1, v.created_at, v.created_at, \
             v.expires_at, v.code_hour, v.code_hash, v.nonce_hash FROM ",
        );
        self.sessions.unnest(&mut out)?;
        out.push_sql(
            " AS v (id, user_id, app_id, open_id, created_at, expires_at, code_hour, code_hash, \
             nonce_hash)",
        );
        Ok(())
    }
}

impl<'a> WriteBatch<'a> {
    pub(super) fn new(rows: &'a BatchRows<'a>) -> Self {
        let changing = rows.changed_users.len() + rows.changed_identities.len();
        Self {
            new_users: with_profile(
                Columns::of(&rows.new_users).with::<Id, _>(|row| row.id),
                |row| &row.profile,
            )
            .with::<Instant, _>(|row| row.created_at),
            changed_users: with_profile(
                Columns::of(&rows.changed_users)
                    .with::<Id, _>(|row| row.id)
                    .with::<Integer, _>(|row| row.revision),
                |row| &row.profile,
            ),
            new_identities: Columns::of(&rows.new_identities)
                .with::<Text, _>(|row| row.app_id)
                .with::<Text, _>(|row| row.open_id)
                .with::<Id, _>(|row| row.user_id)
                .with::<Nullable<Text>, _>(|row| row.union_id)
                .with::<Nullable<Text>, _>(|row| row.open_platform)
                .with::<Binary, _>(|row| row.session_keys.as_slice())
                .with::<Instant, _>(|row| row.created_at)
                .with::<Instant, _>(|row| row.last_login_at),
            changed_identities: Columns::of(&rows.changed_identities)
                .with::<Text, _>(|row| row.app_id)
                .with::<Text, _>(|row| row.open_id)
                .with::<Integer, _>(|row| row.revision)
                .with::<Nullable<Text>, _>(|row| row.union_id)
                .with::<Nullable<Text>, _>(|row| row.open_platform)
                .with::<Binary, _>(|row| row.session_keys.as_slice())
                .with::<Instant, _>(|row| row.last_login_at),
            new_union_owners: Columns::of(&rows.new_union_owners)
                .with::<Text, _>(|row| row.open_platform)
                .with::<Text, _>(|row| row.union_id)
                .with::<Id, _>(|row| row.user_id),
            merge_candidates: Columns::of(&rows.merge_candidates)
                .with::<Id, _>(|row| row.id)
                .with::<Text, _>(|row| row.open_platform)
                .with::<Text, _>(|row| row.union_id)
                .with::<Id, _>(|row| row.user_id)
                .with::<Id, _>(|row| row.union_user_id)
                .with::<Instant, _>(|row| row.created_at),
            sessions: Columns::of(&rows.sessions)
                .with::<Id, _>(|row| row.id)
                .with::<Id, _>(|row| row.user_id)
                .with::<Text, _>(|row| row.app_id)
                .with::<Text, _>(|row| row.open_id)
                .with::<Instant, _>(|row| row.created_at)
                .with::<Instant, _>(|row| row.expires_at)
                .with::<Integer, _>(|row| row.code_hour)
                .with::<Binary, _>(|row| row.code_hash)
                .with::<Nullable<Binary>, _>(|row| row.nonce_hash),
            changing: i64::try_from(changing).unwrap_or(i64::MAX),
        }
    }
}

fn with_profile<'a, Row>(
    columns: Columns<'a, Row>,
    profile: impl Fn(&'a Row) -> &'a ProfileColumns<'a> + Copy,
) -> Columns<'a, Row> {
    columns
        .with::<Nullable<Text>, _>(move |row| profile(row).nick_name)
        .with::<Nullable<Text>, _>(move |row| profile(row).avatar_url)
        .with::<Nullable<SmallInt>, _>(move |row| profile(row).gender)
        .with::<Nullable<Text>, _>(move |row| profile(row).language)
        .with::<Nullable<Text>, _>(move |row| profile(row).country)
        .with::<Nullable<Text>, _>(move |row| profile(row).province)
        .with::<Nullable<Text>, _>(move |row| profile(row).city)
}
