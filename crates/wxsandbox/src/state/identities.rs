//! Who is behind an openid: users get one per app at their first visit.

use std::collections::HashMap;
use std::sync::Arc;

use super::Identity;

#[derive(Default)]
pub(crate) struct Identities {
    by_app: HashMap<Arc<str>, HashMap<Arc<str>, Identity>>,
    by_openid: HashMap<Arc<str>, Identity>,
}

impl Identities {
    pub(crate) fn of(&self, app_id: &str, user: &str) -> Option<Identity> {
        self.by_app.get(app_id)?.get(user).cloned()
    }

    pub(crate) fn by_openid(&self, openid: &str) -> Option<Identity> {
        self.by_openid.get(openid).cloned()
    }

    pub(crate) fn remember(&mut self, identity: Identity) -> Identity {
        self.by_openid
            .insert(Arc::clone(&identity.openid), identity.clone());
        self.by_app
            .entry(Arc::clone(&identity.app_id))
            .or_default()
            .insert(Arc::clone(&identity.user), identity.clone());
        identity
    }

    pub(crate) fn len(&self) -> usize {
        self.by_openid.len()
    }
}
