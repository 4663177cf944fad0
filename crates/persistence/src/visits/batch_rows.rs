//! The rows a plan writes, sorted by their keys: two batches that write the same rows take their
//! locks in the same order.

use std::collections::BTreeSet;

use diesel::sql_types::{Binary, Integer, Nullable, SmallInt, Text};
use domain::id::{OpenPlatform, UnionId};
use domain::session::SessionAccount;
use domain::user::User;
use domain::visit::{Visit, VisitOutcome};

use super::plan::{MergeCandidate, Origin, Plan, PlannedIdentity, UnionKey};
use crate::columns::columns;
use crate::error::DatabaseError;
use crate::key_ring::SessionKeyVault;
use crate::types::{DbId, DbInstant, Id, Instant};

/// All rows of a batch.
#[derive(Default)]
pub(crate) struct BatchRows<'a> {
    pub(crate) new_users: Vec<NewUser<'a>>,
    pub(crate) changed_users: Vec<ChangedUser<'a>>,
    pub(crate) new_identities: Vec<NewIdentity<'a>>,
    pub(crate) changed_identities: Vec<ChangedIdentity<'a>>,
    pub(crate) new_union_owners: Vec<NewUnionOwner<'a>>,
    pub(crate) merge_candidates: Vec<NewMergeCandidate<'a>>,
    pub(crate) sessions: Vec<NewSessionRow<'a>>,
}

#[derive(Clone, Copy)]
pub(crate) struct NewUser<'a> {
    pub(crate) id: DbId,
    pub(crate) profile: ProfileColumns<'a>,
    pub(crate) created_at: DbInstant,
}

pub(crate) struct ChangedUser<'a> {
    pub(crate) id: DbId,
    pub(crate) revision: i32,
    pub(crate) profile: ProfileColumns<'a>,
}

#[derive(Clone, Copy)]
pub(crate) struct ProfileColumns<'a> {
    pub(crate) nick_name: Option<&'a str>,
    pub(crate) avatar_url: Option<&'a str>,
    pub(crate) gender: Option<i16>,
    pub(crate) language: Option<&'a str>,
    pub(crate) country: Option<&'a str>,
    pub(crate) province: Option<&'a str>,
    pub(crate) city: Option<&'a str>,
}

pub(crate) struct NewIdentity<'a> {
    pub(crate) app_id: &'a str,
    pub(crate) open_id: &'a str,
    pub(crate) user_id: DbId,
    pub(crate) union_id: Option<&'a str>,
    pub(crate) open_platform: Option<&'a str>,
    pub(crate) session_keys: Vec<u8>,
    pub(crate) created_at: DbInstant,
    pub(crate) last_login_at: DbInstant,
    pub(crate) sessions_opened: i32,
}

pub(crate) struct ChangedIdentity<'a> {
    pub(crate) app_id: &'a str,
    pub(crate) open_id: &'a str,
    pub(crate) revision: i32,
    pub(crate) union_id: Option<&'a str>,
    pub(crate) open_platform: Option<&'a str>,
    pub(crate) session_keys: Vec<u8>,
    pub(crate) last_login_at: DbInstant,
    pub(crate) sessions_opened: i32,
}

#[derive(Clone, Copy)]
pub(crate) struct NewUnionOwner<'a> {
    pub(crate) open_platform: &'a str,
    pub(crate) union_id: &'a str,
    pub(crate) user_id: DbId,
}

#[derive(Clone, Copy)]
pub(crate) struct NewMergeCandidate<'a> {
    pub(crate) id: DbId,
    pub(crate) open_platform: &'a str,
    pub(crate) union_id: &'a str,
    pub(crate) user_id: DbId,
    pub(crate) union_user_id: DbId,
    pub(crate) created_at: DbInstant,
}

#[derive(Clone, Copy)]
pub(crate) struct NewSessionRow<'a> {
    pub(crate) id: DbId,
    pub(crate) user_id: DbId,
    pub(crate) app_id: &'a str,
    pub(crate) open_id: &'a str,
    pub(crate) created_at: DbInstant,
    pub(crate) expires_at: DbInstant,
    pub(crate) code_hour: i32,
    pub(crate) code_hash: &'a [u8],
    pub(crate) nonce_hash: Option<&'a [u8]>,
}

/// An identity that is looked for.
pub(crate) struct IdentityName<'a> {
    app_id: &'a str,
    open_id: &'a str,
}

/// A unionid that is looked for.
pub(crate) struct UnionName<'a> {
    open_platform: &'a str,
    union_id: &'a str,
}

/// A hash that is looked for among the bans.
pub(crate) struct BanHash {
    pub(crate) hash: Vec<u8>,
}

columns! {
    BanHash {
        hash: Binary = hash,
    }
}

columns! {
    NewUser<'_> {
        id: Id = id,
        nick_name: Nullable<Text> = profile.nick_name,
        avatar_url: Nullable<Text> = profile.avatar_url,
        gender: Nullable<SmallInt> = profile.gender,
        language: Nullable<Text> = profile.language,
        country: Nullable<Text> = profile.country,
        province: Nullable<Text> = profile.province,
        city: Nullable<Text> = profile.city,
        created_at: Instant = created_at,
    }
}

columns! {
    ChangedUser<'_> {
        id: Id = id,
        revision: Integer = revision,
        nick_name: Nullable<Text> = profile.nick_name,
        avatar_url: Nullable<Text> = profile.avatar_url,
        gender: Nullable<SmallInt> = profile.gender,
        language: Nullable<Text> = profile.language,
        country: Nullable<Text> = profile.country,
        province: Nullable<Text> = profile.province,
        city: Nullable<Text> = profile.city,
    }
}

columns! {
    NewIdentity<'_> {
        app_id: Text = app_id,
        open_id: Text = open_id,
        user_id: Id = user_id,
        union_id: Nullable<Text> = union_id,
        open_platform: Nullable<Text> = open_platform,
        session_keys: Binary = session_keys,
        created_at: Instant = created_at,
        last_login_at: Instant = last_login_at,
        sessions_opened: Integer = sessions_opened,
    }
}

columns! {
    ChangedIdentity<'_> {
        app_id: Text = app_id,
        open_id: Text = open_id,
        revision: Integer = revision,
        union_id: Nullable<Text> = union_id,
        open_platform: Nullable<Text> = open_platform,
        session_keys: Binary = session_keys,
        last_login_at: Instant = last_login_at,
        sessions_opened: Integer = sessions_opened,
    }
}

columns! {
    NewUnionOwner<'_> {
        open_platform: Text = open_platform,
        union_id: Text = union_id,
        user_id: Id = user_id,
    }
}

columns! {
    NewMergeCandidate<'_> {
        id: Id = id,
        open_platform: Text = open_platform,
        union_id: Text = union_id,
        user_id: Id = user_id,
        union_user_id: Id = union_user_id,
        created_at: Instant = created_at,
    }
}

columns! {
    NewSessionRow<'_> {
        id: Id = id,
        user_id: Id = user_id,
        app_id: Text = app_id,
        open_id: Text = open_id,
        created_at: Instant = created_at,
        expires_at: Instant = expires_at,
        code_hour: Integer = code_hour,
        code_hash: Binary = code_hash,
        nonce_hash: Nullable<Binary> = nonce_hash,
    }
}

columns! {
    IdentityName<'_> {
        app_id: Text = app_id,
        open_id: Text = open_id,
    }
}

columns! {
    UnionName<'_> {
        open_platform: Text = open_platform,
        union_id: Text = union_id,
    }
}

/// The identities of `visits`, each once, sorted.
pub(crate) fn identity_names<'a>(visits: &[&'a Visit]) -> Vec<IdentityName<'a>> {
    let names: BTreeSet<_> = visits
        .iter()
        .map(|visit| (visit.open_id.as_str(), visit.app.id.as_str()))
        .collect();
    let names = names.into_iter();
    names
        .map(|(open_id, app_id)| IdentityName { app_id, open_id })
        .collect()
}

impl<'a> UnionName<'a> {
    pub(crate) fn of((union_id, open_platform): &'a UnionKey) -> Self {
        Self {
            open_platform: open_platform.as_str(),
            union_id: union_id.as_str(),
        }
    }
}

impl<'a> BatchRows<'a> {
    /// The rows of `plan`, which was made for `visits`.
    pub(crate) fn of(
        visits: &[&'a Visit],
        plan: &'a Plan,
        vault: &SessionKeyVault,
    ) -> Result<Self, DatabaseError> {
        let mut rows = Self::default();
        for (id, planned) in &plan.users {
            let profile = ProfileColumns::of(&planned.user);
            let id = DbId(id.as_uuid());
            match planned.origin {
                Origin::New => rows.new_users.push(NewUser {
                    id,
                    profile,
                    created_at: planned.user.created_at.into(),
                }),
                Origin::Loaded { revision } if planned.is_changed => {
                    rows.changed_users.push(ChangedUser {
                        id,
                        revision,
                        profile,
                    });
                }
                Origin::Loaded { .. } => {}
            }
        }
        for planned in plan
            .identities
            .values()
            .filter(|planned| planned.is_changed)
        {
            rows.push_identity(planned, vault)?;
        }
        rows.new_union_owners
            .extend(
                plan.new_union_owners
                    .iter()
                    .map(|((union, platform), user)| NewUnionOwner {
                        open_platform: platform.as_str(),
                        union_id: union.as_str(),
                        user_id: DbId(user.as_uuid()),
                    }),
            );
        rows.merge_candidates
            .extend(plan.merge_candidates.iter().map(NewMergeCandidate::of));
        for (visit, outcome) in visits.iter().zip(&plan.outcomes) {
            if let VisitOutcome::Recorded { account, .. } = outcome {
                rows.sessions.push(NewSessionRow::of(visit, account));
            }
        }
        Ok(rows)
    }

    fn push_identity(
        &mut self,
        planned: &'a PlannedIdentity,
        vault: &SessionKeyVault,
    ) -> Result<(), DatabaseError> {
        let (app, user) = (&planned.identity.app_id, &planned.identity.open_id);
        let session_keys = planned.keys.to_row(vault, app, user)?;
        let union_id = planned.identity.union_id.as_ref().map(UnionId::as_str);
        let open_platform = planned.open_platform.as_ref().map(OpenPlatform::as_str);
        match planned.origin {
            Origin::New => self.new_identities.push(NewIdentity {
                app_id: app.as_str(),
                open_id: user.as_str(),
                user_id: DbId(planned.user_id.as_uuid()),
                union_id,
                open_platform,
                session_keys,
                created_at: planned.created_at.into(),
                last_login_at: planned.last_login_at.into(),
                sessions_opened: planned.sessions_opened,
            }),
            Origin::Loaded { revision } => self.changed_identities.push(ChangedIdentity {
                app_id: app.as_str(),
                open_id: user.as_str(),
                revision,
                union_id,
                open_platform,
                session_keys,
                last_login_at: planned.last_login_at.into(),
                sessions_opened: planned.sessions_opened,
            }),
        }
        Ok(())
    }
}

impl<'a> ProfileColumns<'a> {
    fn of(user: &'a User) -> Self {
        let profile = &user.profile;
        Self {
            nick_name: profile.nick_name.as_deref(),
            avatar_url: profile.avatar_url.as_deref(),
            gender: profile.gender.map(domain::profile::Gender::number),
            language: profile.language.as_deref(),
            country: profile.country.as_deref(),
            province: profile.province.as_deref(),
            city: profile.city.as_deref(),
        }
    }
}

impl<'a> NewMergeCandidate<'a> {
    fn of(candidate: &'a MergeCandidate) -> Self {
        let (union_id, open_platform) = &candidate.union;
        Self {
            id: DbId(candidate.session_id.as_uuid()),
            open_platform: open_platform.as_str(),
            union_id: union_id.as_str(),
            user_id: DbId(candidate.user_id.as_uuid()),
            union_user_id: DbId(candidate.union_user_id.as_uuid()),
            created_at: candidate.at.into(),
        }
    }
}

impl<'a> NewSessionRow<'a> {
    fn of(visit: &'a Visit, account: &SessionAccount) -> Self {
        let session = &visit.session;
        Self {
            id: DbId(session.id.as_uuid()),
            user_id: DbId(account.user.id.as_uuid()),
            app_id: visit.app.id.as_str(),
            open_id: visit.open_id.as_str(),
            created_at: account.session.created_at.into(),
            expires_at: session.expires_at.into(),
            code_hour: code_hour(visit.at),
            // No code is ever hashed to nothing.
            code_hash: session
                .sent
                .as_ref()
                .map_or(&[], |sent| sent.code.as_bytes()),
            nonce_hash: session
                .sent
                .as_ref()
                .and_then(|sent| sent.nonce.as_ref())
                .map(|nonce| nonce.as_bytes().as_slice()),
        }
    }
}

/// The hour a code was used in, counted from 1970.
pub(crate) fn code_hour(at: domain::time::Timestamp) -> i32 {
    i32::try_from(at.as_second().div_euclid(3600)).unwrap_or(i32::MAX)
}
