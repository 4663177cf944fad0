//! The statements a batch consists of. Each is about rows named `v`, and is the same text on
//! both databases but for what `v` is.

use diesel::sql_types::{BigInt, Binary, Nullable, Text};

use super::batch_rows::{
    BanHash, ChangedIdentity, ChangedUser, IdentityName, NewIdentity, NewMergeCandidate,
    NewSessionRow, NewUnionOwner, NewUser, UnionName,
};
use crate::columns::Columns;
use crate::schema::{AllOf, identities, users};
use crate::statement::{Load, SqlTypeOf, Statement, USER};
use crate::types::Instant;

/// Identities by their names, with their users.
pub(super) struct LoadIdentities;

impl Statement for LoadIdentities {
    type Row<'a> = IdentityName<'a>;
    const HEAD: &'static [&'static str] = &[
        "SELECT i.app_id, i.open_id, i.user_id, i.union_id, i.open_platform, i.session_keys, \
         i.created_at, i.last_login_at, i.revision, i.sessions_opened, ",
        USER,
        ", (SELECT sum(s.sessions_opened) FROM identities s WHERE s.user_id = u.id) FROM ",
    ];
    const TAIL: &'static [&'static str] = &[" JOIN identities i ON i.open_id = v.open_id AND \
        i.app_id = v.app_id JOIN users u ON u.id = i.user_id"];
}

impl Load for LoadIdentities {
    type SqlType = (
        SqlTypeOf<AllOf<identities::table>>,
        SqlTypeOf<AllOf<users::table>>,
        Nullable<Instant>,
        Nullable<BigInt>,
    );
}

/// The owners of unionids.
pub(super) struct LoadUnionOwners;

impl Statement for LoadUnionOwners {
    type Row<'a> = UnionName<'a>;
    const HEAD: &'static [&'static str] = &["SELECT o.union_id, o.open_platform, ", USER, "FROM "];
    const TAIL: &'static [&'static str] = &[" JOIN union_ids o ON o.union_id = v.union_id AND \
        o.open_platform = v.open_platform JOIN users u ON u.id = o.user_id"];
}

impl Load for LoadUnionOwners {
    type SqlType = (
        Text,
        Text,
        SqlTypeOf<AllOf<users::table>>,
        Nullable<Instant>,
    );
}

/// Which hashes are banned.
pub(super) struct LoadBans;

impl Statement for LoadBans {
    type Row<'a> = BanHash;
    const HEAD: &'static [&'static str] = &["SELECT b.hash FROM "];
    const TAIL: &'static [&'static str] = &[" JOIN ban_hashes b ON b.hash = v.hash"];
}

impl Load for LoadBans {
    type SqlType = Binary;
}

pub(super) struct InsertUsers;

impl Statement for InsertUsers {
    type Row<'a> = NewUser<'a>;
    const HEAD: &'static [&'static str] =
        &["INSERT INTO users (", NewUser::NAMES, ") SELECT * FROM "];
    const TAIL: &'static [&'static str] = &[];
}

/// Changes those users that are still at the revision they were loaded at.
pub(super) struct UpdateUsers;

impl Statement for UpdateUsers {
    type Row<'a> = ChangedUser<'a>;
    const HEAD: &'static [&'static str] = &[
        "UPDATE users AS u SET nick_name = v.nick_name, avatar_url = v.avatar_url, \
         gender = v.gender, language = v.language, country = v.country, \
         province = v.province, city = v.city, revision = u.revision + 1 FROM ",
    ];
    const TAIL: &'static [&'static str] = &[" WHERE u.id = v.id AND u.revision = v.revision"];
}

pub(super) struct InsertIdentities;

impl Statement for InsertIdentities {
    type Row<'a> = NewIdentity<'a>;
    const HEAD: &'static [&'static str] = &[
        "INSERT INTO identities (",
        NewIdentity::NAMES,
        ") SELECT * FROM ",
    ];
    const TAIL: &'static [&'static str] = &[];
}

/// Changes those identities that are still at the revision they were loaded at.
pub(super) struct UpdateIdentities;

impl Statement for UpdateIdentities {
    type Row<'a> = ChangedIdentity<'a>;
    const HEAD: &'static [&'static str] = &[
        "UPDATE identities AS i SET union_id = v.union_id, open_platform = v.open_platform, \
         session_keys = v.session_keys, last_login_at = v.last_login_at, \
         sessions_opened = v.sessions_opened, \
         revision = i.revision + 1 FROM ",
    ];
    const TAIL: &'static [&'static str] =
        &[" WHERE i.open_id = v.open_id AND i.app_id = v.app_id AND \
        i.revision = v.revision"];
}

pub(super) struct InsertUnionOwners;

impl Statement for InsertUnionOwners {
    type Row<'a> = NewUnionOwner<'a>;
    const HEAD: &'static [&'static str] = &[
        "INSERT INTO union_ids (",
        NewUnionOwner::NAMES,
        ") SELECT * FROM ",
    ];
    const TAIL: &'static [&'static str] = &[];
}

/// A pair of users is noted once.
pub(super) struct InsertMergeCandidates;

impl Statement for InsertMergeCandidates {
    type Row<'a> = NewMergeCandidate<'a>;
    const HEAD: &'static [&'static str] = &[
        "INSERT INTO merge_candidates (",
        NewMergeCandidate::NAMES,
        ") SELECT * FROM ",
    ];
    // Without a WHERE, SQLite would take ON for a join's.
    const TAIL: &'static [&'static str] =
        &[" WHERE true ON CONFLICT (user_id, union_user_id) DO NOTHING"];
}

pub(super) struct InsertSessions;

/// The text of [`InsertSessions`] up to the user's id, which is the last column.
pub(super) const INSERT_SESSIONS: &str = "INSERT INTO sessions (id, app_id, open_id, \
    generation, created_at, last_used_at, expires_at, code_hour, code_hash, nonce_hash, \
    user_id) SELECT v.id, v.app_id, v.open_id, 1, v.created_at, v.created_at, v.expires_at, \
    v.code_hour, v.code_hash, v.nonce_hash, ";

impl Statement for InsertSessions {
    type Row<'a> = NewSessionRow<'a>;
    const HEAD: &'static [&'static str] = &[INSERT_SESSIONS, "v.user_id FROM "];
    const TAIL: &'static [&'static str] = &[];
}
