//! What a batch of visits changes: existing rows and visits in, rows to write and outcomes out.
//!
//! This is where the rules of
//! [`record_visit`](domain::ports::UserRepository::record_visit) live. Nothing here waits or
//! knows a database. Several visits of one user in one batch are planned in their order, each
//! upon what the one before it left.

use std::collections::BTreeMap;

use domain::app::App;
use domain::id::{AppId, OpenId, OpenPlatform, SessionId, UnionId, UserId};
use domain::profile::Profile;
use domain::session::{Generation, Session, SessionAccount};
use domain::time::Timestamp;
use domain::user::{Identity, User};
use domain::visit::{Visit, VisitOutcome};

use crate::key_ring::KeyRing;

/// An identity's name.
pub(crate) type IdentityKey = (OpenId, AppId);
/// A unionid's name.
pub(crate) type UnionKey = (UnionId, OpenPlatform);

/// What the database knows about the visitors of a batch.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) users: BTreeMap<UserId, PlannedUser>,
    pub(crate) identities: BTreeMap<IdentityKey, PlannedIdentity>,
    /// Whose the unionids are that may have to be settled.
    pub(crate) union_owners: BTreeMap<UnionKey, UserId>,
}

/// A user, as they will be.
#[derive(Clone, Debug)]
pub(crate) struct PlannedUser {
    pub(crate) user: User,
    pub(crate) origin: Origin,
    /// Whether something changes that is kept in the user's row.
    pub(crate) is_changed: bool,
}

/// An identity, as it will be.
#[derive(Debug)]
pub(crate) struct PlannedIdentity {
    pub(crate) identity: Identity,
    pub(crate) user_id: UserId,
    /// The account under which the unionid has been settled.
    pub(crate) open_platform: Option<OpenPlatform>,
    pub(crate) keys: KeyRing,
    pub(crate) created_at: Timestamp,
    pub(crate) last_login_at: Timestamp,
    pub(crate) origin: Origin,
    pub(crate) is_changed: bool,
}

/// Where a row comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// It is to be inserted.
    New,
    /// It was loaded at this revision.
    Loaded { revision: i32 },
}

/// Two users who are one person by their unionid.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct MergeCandidate {
    pub(crate) session_id: SessionId,
    pub(crate) union: UnionKey,
    pub(crate) user_id: UserId,
    pub(crate) union_user_id: UserId,
    pub(crate) at: Timestamp,
}

/// The plan of a batch.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) users: BTreeMap<UserId, PlannedUser>,
    pub(crate) identities: BTreeMap<IdentityKey, PlannedIdentity>,
    pub(crate) new_union_owners: BTreeMap<UnionKey, UserId>,
    pub(crate) merge_candidates: Vec<MergeCandidate>,
    /// One for each visit, in their order.
    pub(crate) outcomes: Vec<VisitOutcome>,
}

/// Whether the owner of the visit's unionid must be known: the identity is new, or its unionid
/// has not been settled yet. `known` is what is known of the identity.
pub(crate) fn unsettled_union(visit: &Visit, known: Option<&PlannedIdentity>) -> Option<UnionKey> {
    let union = visit.union_id.clone()?;
    let platform = visit.app.open_platform.clone()?;
    let is_settled = known.is_some_and(|known| {
        known.identity.union_id.as_ref() == Some(&union)
            && known.open_platform.as_ref() == Some(&platform)
    });
    (!is_settled).then_some((union, platform))
}

/// Plans `visits` upon what is `known`.
pub(crate) fn plan<'a>(visits: impl IntoIterator<Item = &'a Visit>, known: Known) -> Plan {
    let mut plan = Plan {
        users: known.users,
        identities: known.identities,
        new_union_owners: BTreeMap::new(),
        merge_candidates: Vec::new(),
        outcomes: Vec::new(),
    };
    for visit in visits {
        let outcome = plan.admit(visit, &known.union_owners);
        plan.outcomes.push(outcome);
    }
    plan
}

impl Plan {
    fn admit(&mut self, visit: &Visit, known_owners: &BTreeMap<UnionKey, UserId>) -> VisitOutcome {
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
            return VisitOutcome::UserDisabled;
        }
        user.learn(visit);
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
        VisitOutcome::Recorded(Box::new(SessionAccount {
            session: session(visit, user_id),
            user: user.user.clone(),
            identity: identity.identity.clone(),
        }))
    }
}

impl PlannedUser {
    /// A user as they come.
    fn new(id: UserId, at: Timestamp) -> Self {
        let user = User {
            id,
            profile: Profile::default(),
            phone: None,
            created_at: at,
            last_login_at: at,
            disabled_at: None,
        };
        Self {
            user,
            origin: Origin::New,
            is_changed: true,
        }
    }

    fn learn(&mut self, visit: &Visit) {
        self.user.last_login_at = self.user.last_login_at.max(visit.at);
        if visit.reports.is_empty() {
            return;
        }
        let mut profile = self.user.profile.clone();
        for report in &visit.reports {
            profile.learn(report.clone());
        }
        if profile != self.user.profile {
            self.user.profile = profile;
            self.is_changed = true;
        }
    }
}

impl PlannedIdentity {
    /// An identity as it comes.
    fn new(user_id: UserId, visit: &Visit) -> Self {
        let App { id, .. } = &visit.app;
        Self {
            identity: Identity {
                app_id: id.clone(),
                open_id: visit.open_id.clone(),
                union_id: None,
            },
            user_id,
            open_platform: None,
            keys: KeyRing::default(),
            created_at: visit.at,
            last_login_at: visit.at,
            origin: Origin::New,
            is_changed: true,
        }
    }

    fn learn(&mut self, visit: &Visit) {
        self.is_changed = true;
        self.last_login_at = self.last_login_at.max(visit.at);
        self.keys.keep(&visit.session_key, visit.at);
        if visit.union_id.is_none() {
            return;
        }
        let is_new_name = self.identity.union_id != visit.union_id;
        if is_new_name || visit.app.open_platform.is_some() {
            self.open_platform.clone_from(&visit.app.open_platform);
        }
        if is_new_name {
            self.identity.union_id.clone_from(&visit.union_id);
        }
    }
}

fn session(visit: &Visit, user_id: UserId) -> Session {
    Session {
        id: visit.session.id,
        user_id,
        generation: Generation::FIRST,
        created_at: visit.at,
        expires_at: visit.session.expires_at,
        ended_at: None,
    }
}
