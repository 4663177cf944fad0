//! What a batch of visits is planned upon, and how one visit changes a user and an identity.

use std::collections::{BTreeMap, BTreeSet};

use domain::id::{AppId, OpenId, OpenPlatform, SessionId, UnionId, UserId};
use domain::time::Timestamp;
use domain::user::{Identity, User};
use domain::visit::Visit;

use crate::key_ring::KeyRing;

/// An identity's name.
pub(super) type IdentityKey = (OpenId, AppId);
/// A unionid's name.
pub(super) type UnionKey = (UnionId, OpenPlatform);

/// What the database knows about the visitors of a batch.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) users: BTreeMap<UserId, PlannedUser>,
    pub(super) identities: BTreeMap<IdentityKey, PlannedIdentity>,
    /// Whose the unionids are that may have to be settled.
    pub(super) union_owners: BTreeMap<UnionKey, UserId>,
    /// Which of the visitors who are not known are banned.
    pub(super) banned: BTreeSet<BannedName>,
}

/// What is banned.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum BannedName {
    Identity(IdentityKey),
    Union(UnionKey),
}

/// A user, as they will be.
#[derive(Clone, Debug)]
pub(super) struct PlannedUser {
    pub(super) user: User,
    pub(super) origin: Origin,
    /// Sessions that were opened up to then are over.
    pub(super) sessions_ended_until: Option<Timestamp>,
    /// The sum over their identities.
    pub(super) sessions_opened: i64,
    /// Whether something changes that is kept in the user's row.
    pub(super) is_changed: bool,
}

/// An identity, as it will be.
#[derive(Debug)]
pub(super) struct PlannedIdentity {
    pub(super) identity: Identity,
    pub(super) user_id: UserId,
    /// The account under which the unionid has been settled.
    pub(super) open_platform: Option<OpenPlatform>,
    pub(super) keys: KeyRing,
    pub(super) created_at: Timestamp,
    pub(super) last_login_at: Timestamp,
    /// How many live sessions there are at most that were opened through it.
    pub(super) sessions_opened: i32,
    pub(super) origin: Origin,
    pub(super) is_changed: bool,
}

/// Where a row comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// It is to be inserted.
    New,
    /// It was loaded at this revision.
    Loaded { revision: i32 },
}

impl Origin {
    /// The revision at which a row was loaded; 0 for a new one.
    pub(super) const fn revision(self) -> i32 {
        match self {
            Self::New => 0,
            Self::Loaded { revision } => revision,
        }
    }
}

/// Two users who are one person by their unionid.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct MergeCandidate {
    pub(super) session_id: SessionId,
    pub(super) union: UnionKey,
    pub(super) user_id: UserId,
    pub(super) union_user_id: UserId,
    pub(super) at: Timestamp,
}

impl PlannedUser {
    /// A user as they come.
    pub(super) fn new(id: UserId, at: Timestamp) -> Self {
        Self {
            user: User::new(id, at),
            origin: Origin::New,
            sessions_ended_until: None,
            sessions_opened: 0,
            is_changed: true,
        }
    }

    pub(super) fn learn(&mut self, visit: &Visit) {
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
    pub(super) fn new(user_id: UserId, visit: &Visit) -> Self {
        Self {
            identity: Identity {
                app_id: visit.app.id.clone(),
                open_id: visit.open_id.clone(),
                union_id: None,
            },
            user_id,
            open_platform: None,
            keys: KeyRing::default(),
            created_at: visit.at,
            last_login_at: visit.at,
            sessions_opened: 0,
            origin: Origin::New,
            is_changed: true,
        }
    }

    pub(super) fn union_id(&self) -> Option<&str> {
        self.identity.union_id.as_ref().map(UnionId::as_str)
    }

    pub(super) fn open_platform(&self) -> Option<&str> {
        self.open_platform.as_ref().map(OpenPlatform::as_str)
    }

    pub(super) fn learn(&mut self, visit: &Visit) {
        self.is_changed = true;
        self.last_login_at = self.last_login_at.max(visit.at);
        self.sessions_opened = self.sessions_opened.saturating_add(1);
        if let Some(session_key) = &visit.session_key {
            self.keys.keep(session_key, visit.at);
        }
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
