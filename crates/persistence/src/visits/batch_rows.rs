//! The rows a plan writes, sorted by their keys: two batches that write the same rows take their
//! locks in the same order.
#![expect(clippy::ref_option_ref, reason = "Diesel's derive writes it")]

use std::collections::BTreeSet;

use diesel::prelude::*;
use domain::id::{AppId, OpenId, OpenPlatform, UnionId};
use domain::session::SessionAccount;
use domain::visit::{Visit, VisitOutcome};

use super::known::{MergeCandidate, Origin, PlannedIdentity};
use super::plan::Plan;
use crate::error::DbResult;
use crate::key_ring::SessionKeyVault;
use crate::rows::ProfileRow;
use crate::schema::{identities, merge_candidates, sessions, union_ids, users};
use crate::types::{DbId, DbInstant};

/// All rows of a batch.
#[derive(Default)]
pub(super) struct BatchRows<'a> {
    pub(super) new_users: Vec<WrittenUser>,
    pub(super) changed_users: Vec<WrittenUser>,
    pub(super) new_identities: Vec<WrittenIdentity<'a>>,
    pub(super) changed_identities: Vec<WrittenIdentity<'a>>,
    pub(super) new_union_owners: Vec<NewUnionOwner<'a>>,
    pub(super) merge_candidates: Vec<NewMergeCandidate<'a>>,
    pub(super) sessions: Vec<NewSession<'a>>,
}

#[derive(Insertable)]
#[diesel(table_name = users)]
pub(super) struct WrittenUser {
    pub(super) id: DbId,
    #[diesel(embed)]
    pub(super) profile: ProfileRow,
    pub(super) created_at: DbInstant,
    /// As it was loaded; 0 for a new one.
    pub(super) revision: i32,
}

#[derive(Insertable)]
#[diesel(table_name = identities, treat_none_as_default_value = false)]
pub(super) struct WrittenIdentity<'a> {
    pub(super) app_id: &'a str,
    pub(super) open_id: &'a str,
    pub(super) user_id: DbId,
    pub(super) union_id: Option<&'a str>,
    pub(super) open_platform: Option<&'a str>,
    pub(super) session_keys: Vec<u8>,
    pub(super) created_at: DbInstant,
    pub(super) last_login_at: DbInstant,
    /// As it was loaded; 0 for a new one.
    pub(super) revision: i32,
    pub(super) sessions_opened: i32,
}

#[derive(Insertable)]
#[diesel(table_name = union_ids)]
pub(super) struct NewUnionOwner<'a> {
    pub(super) open_platform: &'a str,
    pub(super) union_id: &'a str,
    pub(super) user_id: DbId,
}

#[derive(Insertable)]
#[diesel(table_name = merge_candidates)]
pub(super) struct NewMergeCandidate<'a> {
    pub(super) id: DbId,
    pub(super) open_platform: &'a str,
    pub(super) union_id: &'a str,
    pub(super) user_id: DbId,
    pub(super) union_user_id: DbId,
    pub(super) created_at: DbInstant,
}

/// A session that has not been used yet.
#[derive(Insertable)]
#[diesel(table_name = sessions, treat_none_as_default_value = false)]
pub(super) struct NewSession<'a> {
    pub(super) id: DbId,
    pub(super) user_id: DbId,
    pub(super) app_id: &'a str,
    pub(super) open_id: &'a str,
    pub(super) created_at: DbInstant,
    pub(super) expires_at: DbInstant,
    pub(super) code_hour: i32,
    pub(super) code_hash: &'a [u8],
    pub(super) nonce_hash: Option<&'a [u8]>,
}

/// The identities of `visits`, each once, sorted.
pub(super) fn identity_keys<'a>(visits: &[&'a Visit]) -> BTreeSet<(&'a OpenId, &'a AppId)> {
    let keys = visits.iter();
    keys.map(|visit| (&visit.open_id, &visit.app.id)).collect()
}

impl<'a> BatchRows<'a> {
    /// The rows of `plan`, which was made for `visits`.
    pub(super) fn of(
        visits: &[&'a Visit],
        plan: &'a Plan,
        vault: &SessionKeyVault,
    ) -> DbResult<Self> {
        let mut rows = Self::default();
        for (id, planned) in &plan.users {
            let (list, revision) = match planned.origin {
                Origin::New => (&mut rows.new_users, 0),
                Origin::Loaded { revision } => (&mut rows.changed_users, revision),
            };
            if planned.is_changed {
                list.push(WrittenUser {
                    id: DbId(id.as_uuid()),
                    profile: planned.user.profile.clone().into(),
                    created_at: planned.user.created_at.into(),
                    revision,
                });
            }
        }
        for planned in plan.identities.values() {
            let (list, revision) = match planned.origin {
                Origin::New => (&mut rows.new_identities, 0),
                Origin::Loaded { revision } => (&mut rows.changed_identities, revision),
            };
            if planned.is_changed {
                list.push(WrittenIdentity::of(planned, revision, vault)?);
            }
        }
        let owners = plan.new_union_owners.iter();
        rows.new_union_owners
            .extend(owners.map(|((union, platform), user)| NewUnionOwner {
                open_platform: platform.as_str(),
                union_id: union.as_str(),
                user_id: DbId(user.as_uuid()),
            }));
        rows.merge_candidates
            .extend(plan.merge_candidates.iter().map(NewMergeCandidate::of));
        for (visit, written) in visits.iter().zip(&plan.outcomes) {
            if let VisitOutcome::Recorded { account, .. } = &written.outcome {
                rows.sessions.push(NewSession::of(visit, account));
            }
        }
        Ok(rows)
    }
}

impl<'a> WrittenIdentity<'a> {
    fn of(planned: &'a PlannedIdentity, revision: i32, vault: &SessionKeyVault) -> DbResult<Self> {
        let (app, user) = (&planned.identity.app_id, &planned.identity.open_id);
        Ok(Self {
            app_id: app.as_str(),
            open_id: user.as_str(),
            user_id: DbId(planned.user_id.as_uuid()),
            union_id: planned.identity.union_id.as_ref().map(UnionId::as_str),
            open_platform: planned.open_platform.as_ref().map(OpenPlatform::as_str),
            session_keys: planned.keys.to_row(vault, app, user)?,
            created_at: planned.created_at.into(),
            last_login_at: planned.last_login_at.into(),
            revision,
            sessions_opened: planned.sessions_opened,
        })
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

impl<'a> NewSession<'a> {
    fn of(visit: &'a Visit, account: &SessionAccount) -> Self {
        let (session, sent) = (&visit.session, visit.session.sent.as_ref());
        let nonce = sent.and_then(|sent| sent.nonce.as_ref());
        Self {
            id: DbId(session.id.as_uuid()),
            user_id: DbId(account.user.id.as_uuid()),
            app_id: visit.app.id.as_str(),
            open_id: visit.open_id.as_str(),
            created_at: account.session.created_at.into(),
            expires_at: session.expires_at.into(),
            code_hour: code_hour(visit.at),
            // No code is ever hashed to nothing.
            code_hash: sent.map_or(&[], |sent| sent.code.as_bytes()),
            nonce_hash: nonce.map(|nonce| nonce.as_bytes().as_slice()),
        }
    }
}

/// The hour a code was used in, counted from 1970.
pub(crate) fn code_hour(at: domain::time::Timestamp) -> i32 {
    i32::try_from(at.as_second().div_euclid(3600)).unwrap_or(i32::MAX)
}
