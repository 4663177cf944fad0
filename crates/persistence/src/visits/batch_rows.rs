//! The rows a plan writes, sorted by their keys: two batches that write the same rows take their
//! locks in the same order.

use std::collections::BTreeSet;

use domain::id::{AppId, OpenId, UserId};
use domain::session::SessionAccount;
use domain::visit::{Visit, VisitOutcome};

use super::known::{MergeCandidate, Origin, PlannedIdentity, PlannedUser, UnionKey};
use super::plan::Plan;
use crate::error::DbResult;
use crate::key_ring::SessionKeyVault;

/// All rows of a batch.
#[derive(Default)]
pub(super) struct BatchRows<'a> {
    pub(super) new_users: Vec<&'a PlannedUser>,
    pub(super) changed_users: Vec<&'a PlannedUser>,
    pub(super) new_identities: Vec<WrittenIdentity<'a>>,
    pub(super) changed_identities: Vec<WrittenIdentity<'a>>,
    pub(super) new_union_owners: Vec<(&'a UnionKey, &'a UserId)>,
    pub(super) merge_candidates: &'a [MergeCandidate],
    /// The sessions that are opened, each with its visit.
    pub(super) sessions: Vec<(&'a Visit, &'a SessionAccount)>,
}

/// An identity, with its session_keys sealed.
pub(super) struct WrittenIdentity<'a> {
    pub(super) planned: &'a PlannedIdentity,
    pub(super) session_keys: Vec<u8>,
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
        let mut rows = Self {
            new_union_owners: plan.new_union_owners.iter().collect(),
            merge_candidates: &plan.merge_candidates,
            ..Self::default()
        };
        for planned in plan.users.values().filter(|planned| planned.is_changed) {
            match planned.origin {
                Origin::New => rows.new_users.push(planned),
                Origin::Loaded { .. } => rows.changed_users.push(planned),
            }
        }
        let identities = plan.identities.values();
        for planned in identities.filter(|planned| planned.is_changed) {
            let (app, user) = (&planned.identity.app_id, &planned.identity.open_id);
            let session_keys = planned.keys.to_row(vault, app, user)?;
            let list = match planned.origin {
                Origin::New => &mut rows.new_identities,
                Origin::Loaded { .. } => &mut rows.changed_identities,
            };
            list.push(WrittenIdentity {
                planned,
                session_keys,
            });
        }
        for (visit, written) in visits.iter().zip(&plan.outcomes) {
            if let VisitOutcome::Recorded { account, .. } = &written.outcome {
                rows.sessions.push((visit, account));
            }
        }
        Ok(rows)
    }
}

/// The hash of the code a visit came with. No code is ever hashed to nothing.
pub(super) fn code_hash(visit: &Visit) -> &[u8] {
    let sent = visit.session.sent.as_ref();
    sent.map_or(&[], |sent| sent.code.as_bytes())
}

pub(super) fn nonce_hash(visit: &Visit) -> Option<&[u8]> {
    let nonce = visit.session.sent.as_ref()?.nonce.as_ref()?;
    Some(nonce.as_bytes())
}

/// The hour a code was used in, counted from 1970.
pub(crate) fn code_hour(at: domain::time::Timestamp) -> i32 {
    i32::try_from(at.as_second().div_euclid(3600)).unwrap_or(i32::MAX)
}
