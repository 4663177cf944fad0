//! Bans that outlive the account.

use uuid::Uuid;

use crate::id::{AppId, UserId};
use crate::time::Timestamp;

/// A user who was disabled when their account, or one of their identities, was deleted. They
/// stay shut out. Nothing here is personal data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ban {
    /// The audit entry of the first deletion that made it.
    pub id: Uuid,
    /// The deleted user, as the audit log names them.
    pub user_id: UserId,
    /// When the account or the identity was deleted.
    pub at: Timestamp,
    /// The apps of the deleted identities, each once, in ascending order.
    pub app_ids: Vec<AppId>,
}
