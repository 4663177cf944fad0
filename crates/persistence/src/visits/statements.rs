//! The statements that load what a batch is planned upon.

use diesel::sql_types::{Binary, Text};
use domain::id::{AppId, OpenId};

use super::known::UnionKey;
use crate::statement::for_rows;

for_rows! {
    LoadIdentities(name: (&'a OpenId, &'a AppId))
    postgres = "
SELECT *
FROM unnest($1::text[], $2::text[]) AS v (open_id, app_id)
JOIN identities ON identities.open_id = v.open_id AND identities.app_id = v.app_id
JOIN users ON users.id = identities.user_id"
    sqlite = "
SELECT *
FROM identities JOIN users ON users.id = identities.user_id
WHERE identities.open_id = $1 AND identities.app_id = $2"
    Text = name.0.as_str(),
    Text = name.1.as_str(),
}

for_rows! {
    LoadUnionOwners(union: UnionKey)
    postgres = "
SELECT *
FROM unnest($1::text[], $2::text[]) AS v (union_id, open_platform)
JOIN union_ids ON union_ids.union_id = v.union_id AND union_ids.open_platform = v.open_platform
JOIN users ON users.id = union_ids.user_id"
    sqlite = "
SELECT *
FROM union_ids JOIN users ON users.id = union_ids.user_id
WHERE union_ids.union_id = $1 AND union_ids.open_platform = $2"
    Text = union.0.as_str(),
    Text = union.1.as_str(),
}

for_rows! {
    LoadBans(hash: [u8; 32])
    postgres = "
SELECT *
FROM unnest($1::bytea[]) AS v (hash)
JOIN ban_hashes ON ban_hashes.hash = v.hash"
    sqlite = "SELECT * FROM ban_hashes WHERE hash = $1"
    Binary = hash.as_slice(),
}
