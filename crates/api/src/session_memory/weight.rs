//! What a remembered session costs.

use domain::id::SessionId;
use domain::session::SessionAccount;
use quick_cache::Weighter;

use super::Remembered;

/// Bytes of an entry besides the account: the entry itself and its place in the cache's tables.
const ENTRY: usize = 128;

/// Bytes the allocator adds to a text.
const TEXT: usize = 16;

/// Weighs in bytes, near enough.
#[derive(Clone)]
pub(super) struct Weight;

impl Weighter<SessionId, Remembered> for Weight {
    fn weight(&self, _: &SessionId, remembered: &Remembered) -> u64 {
        let SessionAccount { user, identity, .. } = &*remembered.account;
        let texts = user.profile.texts().chain(user.phone.as_deref());
        let texts = texts.map(|text| text.len() + TEXT);
        // The app's name is shared.
        let names = [
            identity.open_id.as_str(),
            identity.union_id.as_ref().map_or("", |id| id.as_str()),
        ];
        let names = names.map(|name| name.len() + TEXT);
        let bytes = ENTRY
            + size_of::<SessionAccount>()
            + texts.sum::<usize>()
            + names.iter().sum::<usize>();
        bytes as u64
    }
}
