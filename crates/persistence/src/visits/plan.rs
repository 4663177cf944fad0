//! What a batch of visits changes: existing rows and visits in, rows to write and outcomes out.
//!
//! This is where the rules of
//! [`record_visit`](domain::ports::UserRepository::record_visit) live. Nothing here waits or
//! knows a database. Several visits of one user in one batch are planned in their order, each
//! upon what the one before it left.

use std::collections::{BTreeMap, BTreeSet};

use domain::id::UserId;
use domain::session::{Session, SessionAccount};
use domain::time::{Duration, Timestamp, after};
use domain::user::Identity;
use domain::visit::Visit;

use super::WrittenVisit;
use super::known::{
    BannedName, IdentityKey, Known, MergeCandidate, PlannedIdentity, PlannedUser, UnionKey,
};

/// The plan of a batch.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) users: BTreeMap<UserId, PlannedUser>,
    pub(super) identities: BTreeMap<IdentityKey, PlannedIdentity>,
    pub(super) new_union_owners: BTreeMap<UnionKey, UserId>,
    pub(super) merge_candidates: Vec<MergeCandidate>,
    /// One for each visit, in their order.
    pub(super) outcomes: Vec<WrittenVisit>,
}

/// Whether the owner of the visit's unionid must be known: the identity is new, or its unionid
/// has not been settled yet. `known` is what is known of the identity.
pub(super) fn unsettled_union(visit: &Visit, known: Option<&PlannedIdentity>) -> Option<UnionKey> {
    let union = visit.union_id.clone()?;
    let platform = visit.app.open_platform.clone()?;
    let is_settled = known.is_some_and(|known| {
        known.identity.union_id.as_ref() == Some(&union)
            && known.open_platform.as_ref() == Some(&platform)
    });
    (!is_settled).then_some((union, platform))
}

/// Plans `visits` upon what is `known`.
pub(super) fn plan<'a>(visits: impl IntoIterator<Item = &'a Visit>, known: Known) -> Plan {
    let mut plan = Plan {
        users: known.users,
        identities: known.identities,
        new_union_owners: BTreeMap::new(),
        merge_candidates: Vec::new(),
        outcomes: Vec::new(),
    };
    for visit in visits {
        let outcome = if plan.is_banned(visit, &known.banned) {
            WrittenVisit::REFUSED
        } else {
            plan.admit(visit, &known.union_owners)
        };
        plan.outcomes.push(outcome);
    }
    plan
}

impl Plan {
    /// Whether the visitor, or the unionid that they show for the first time, is banned.
    fn is_banned(&self, visit: &Visit, banned: &BTreeSet<BannedName>) -> bool {
        if banned.is_empty() {
            return false;
        }
        let key = (visit.open_id.clone(), visit.app.id.clone());
        let known = self.identities.get(&key);
        let is_new = known.is_none();
        let union = unsettled_union(visit, known).map(BannedName::Union);
        union.is_some_and(|union| banned.contains(&union))
            || (is_new && banned.contains(&BannedName::Identity(key)))
    }

    fn admit(&mut self, visit: &Visit, known_owners: &BTreeMap<UnionKey, UserId>) -> WrittenVisit {
        let key = (visit.open_id.clone(), visit.app.id.clone());
        let union = unsettled_union(visit, self.identities.get(&key));
        let owner = union.as_ref().and_then(|union| {
            let owner = self.new_union_owners.get(union);
            owner.or_else(|| known_owners.get(union)).copied()
        });
        let user_id = self
            .identities
            .get(&key)
            .map_or(owner.unwrap_or(visit.new_user_id), |known| known.user_id);

        let user = self
            .users
            .entry(user_id)
            .or_insert_with(|| PlannedUser::new(user_id, visit.at));
        if user.user.disabled_at.is_some() {
            return WrittenVisit::REFUSED;
        }
        user.learn(visit);
        user.sessions_opened = user.sessions_opened.saturating_add(1);
        let identity = self
            .identities
            .entry(key)
            .or_insert_with(|| PlannedIdentity::new(user_id, visit));
        identity.learn(visit);

        match (union, owner) {
            (Some(union), None) => {
                self.new_union_owners.insert(union, user_id);
            }
            (Some(union), Some(owner)) if owner != user_id => {
                self.merge_candidates.push(MergeCandidate {
                    session_id: visit.session.id,
                    union,
                    user_id,
                    union_user_id: owner,
                    at: visit.at,
                });
            }
            _ => {}
        }
        let account = SessionAccount {
            session: session(visit, user_id, user.sessions_ended_until),
            user: user.user.clone(),
            identity: Identity {
                // Shared with all who visit the app, if the account is remembered.
                app_id: visit.app.id.clone(),
                open_id: visit.open_id.clone(),
                union_id: identity.identity.union_id.clone(),
            },
        };
        WrittenVisit::recorded(account, user.sessions_opened)
    }
}

/// The session that a visit opens: after those that have been ended all at once, whatever a clock
/// says.
fn session(visit: &Visit, user_id: UserId, ended_until: Option<Timestamp>) -> Session {
    let created_at = ended_until.map_or(visit.at, |until| {
        visit.at.max(after(until, Duration::from_micros(1)))
    });
    visit.session.open(user_id, created_at)
}

#[cfg(test)]
mod tests {
    use super::super::known::Origin;
    use super::*;
    use domain::testing::repository_contract::Guest;
    use domain::visit::VisitOutcome;

    fn guest() -> Guest {
        Guest::member("wx01", "o1")
    }

    fn is_refused(written: &WrittenVisit) -> bool {
        written.outcome == VisitOutcome::UserDisabled
    }

    /// What is known after `visits` have been stored.
    fn known_after(visits: &[Visit]) -> Known {
        let plan = plan(visits, Known::default());
        let mut known = Known {
            users: plan.users,
            identities: plan.identities,
            union_owners: plan.new_union_owners,
            banned: BTreeSet::new(),
        };
        for user in known.users.values_mut() {
            user.origin = Origin::Loaded { revision: 5 };
            user.is_changed = false;
        }
        for identity in known.identities.values_mut() {
            identity.origin = Origin::Loaded { revision: 7 };
            identity.is_changed = false;
        }
        known
    }

    #[test]
    fn several_first_visits_of_one_identity_make_one_row() {
        let visits = [guest().visit(0), guest().visit(1), guest().visit(2)];
        let plan = plan(&visits, Known::default());
        assert_eq!((plan.users.len(), plan.identities.len()), (1, 1));
        assert!(plan.users.contains_key(&visits[0].new_user_id));
        assert_eq!(plan.outcomes.len(), 3);
    }

    #[test]
    fn new_identities_of_one_unionid_in_one_batch_share_a_user() {
        let elsewhere = Guest::member("wx02", "o2");
        let visits = [guest(), elsewhere].map(|guest| guest.with_union_id("u1").visit(0));
        let plan = plan(&visits, Known::default());
        assert_eq!((plan.users.len(), plan.identities.len()), (1, 2));
        assert_eq!(plan.new_union_owners.len(), 1);
        assert!(plan.merge_candidates.is_empty());
    }

    #[test]
    fn a_login_that_teaches_nothing_leaves_the_users_row_alone() {
        let known = known_after(&[guest().visit_as(0, "Band")]);
        let plan = plan(&[guest().visit_as(1, "Band")], known);
        assert!(plan.users.values().all(|user| !user.is_changed));
        assert!(plan.identities.values().all(|identity| identity.is_changed));
    }

    #[test]
    fn a_visit_of_a_disabled_user_changes_no_row() {
        let mut known = known_after(&[guest().visit(0)]);
        let at = guest().visit(1).at;
        for user in known.users.values_mut() {
            user.user.disabled_at = Some(at);
        }
        let visit = guest().with_union_id("u1").visit_as(2, "Other");
        let plan = plan([&visit], known);
        assert!(plan.outcomes.iter().all(is_refused) && plan.outcomes.len() == 1);
        assert!(plan.users.values().all(|user| !user.is_changed));
        assert!(plan.identities.values().all(|known| !known.is_changed));
        assert!(plan.new_union_owners.is_empty());
    }

    #[test]
    fn a_ban_is_for_those_who_are_not_known() {
        let (app, open_id) = (guest().app_id().clone(), guest().open_id().clone());
        let ban = BTreeSet::from([BannedName::Identity((open_id, app))]);
        let known = Known {
            banned: ban.clone(),
            ..Known::default()
        };
        let stranger = Guest::member("wx01", "o2");
        let visits = [guest().visit(0), stranger.visit(0), guest().visit(1)];
        let first = plan(&visits, known);
        let outcomes: Vec<_> = first.outcomes.iter().map(is_refused).collect();
        assert_eq!(outcomes, [true, false, true]);
        assert_eq!((first.users.len(), first.identities.len()), (1, 1));

        let mut known = known_after(&[guest().visit(0)]);
        known.banned = ban;
        let second = plan(&[guest().visit(1)], known);
        assert!(!second.outcomes.iter().any(is_refused));
    }

    #[test]
    fn a_unionid_is_looked_up_until_it_is_settled() {
        let visit = guest().with_union_id("u1").visit(0);
        assert!(unsettled_union(&visit, None).is_some());
        let known = known_after(std::slice::from_ref(&visit));
        let identity = known.identities.values().next();
        assert!(unsettled_union(&visit, identity).is_none());

        let elsewhere = guest().in_account("other").with_union_id("u1").visit(0);
        assert!(unsettled_union(&elsewhere, identity).is_some());
        assert!(unsettled_union(&guest().visit(0), None).is_none());
    }

    #[test]
    fn a_unionid_of_another_user_is_noted_and_settled() {
        let other = Guest::known("wx02", "o2", "u1").visit(0);
        let known = known_after(&[guest().visit(0), other]);
        let visits = [1, 2].map(|second| guest().with_union_id("u1").visit(second));
        let plan = plan(&visits, known);
        assert_eq!(plan.merge_candidates.len(), 1);
        let candidate = &plan.merge_candidates[0];
        assert_ne!(candidate.user_id, candidate.union_user_id);
        assert_eq!(candidate.session_id, visits[0].session.id);
        assert!(plan.new_union_owners.is_empty());
    }
}
