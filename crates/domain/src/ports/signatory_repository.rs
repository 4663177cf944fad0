//! Port: whose session_key signs.

use async_trait::async_trait;

use super::StoreResult;
use crate::id::AppId;
use crate::signatures::{Signatory, Whom};

/// Finds users by what a signature needs of them.
#[async_trait]
pub trait SignatoryRepository: Send + Sync {
    /// The user's identity in the app with its newest session_key. If a merge left the user several
    /// identities there, it is the one that logged in last. `None` if there is none.
    ///
    /// An adapter MUST read the store each time, because every visit that was recorded before the
    /// call counts, on any replica: WeChat refuses a signature by the session_key before.
    async fn find(&self, app: &AppId, user: &Whom) -> StoreResult<Option<Signatory>>;
}
