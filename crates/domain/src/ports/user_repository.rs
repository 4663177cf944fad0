//! Port: where users are kept.

use async_trait::async_trait;

use super::StoreResult;
use crate::visit::{Visit, VisitOutcome};

/// Keeps users and their identities.
///
/// The contract, which the suite of the feature `testing` holds every adapter to:
/// - A visit is **one atomic step**: user, identity, session_key and session are all stored or
///   none is, and when the call returns they survive a crash of service and database.
/// - The method takes whole values and may wait, so that an adapter can write many waiting
///   visits in one statement; one visit's failure MUST NOT fail another.
#[async_trait]
pub trait UserRepository: Send + Sync {
    /// Finds or creates the user of a visit and opens its session.
    ///
    /// - `(app, openid)` is one identity and belongs to one user for ever; first visits of one
    ///   openid at the same moment MUST make one user, without an error.
    /// - A new identity whose unionid is known in its app's Open Platform account joins that
    ///   user; otherwise it makes a user with the visit's `new_user_id`.
    /// - A unionid that shows up later is added to the identity. If it belongs to another user
    ///   already, the visit is recorded for the identity's own user all the same.
    /// - The user learns the visit's reports in their order
    ///   ([`Profile::learn`](crate::profile::Profile::learn)); `last_login_at` becomes the
    ///   visit's time.
    /// - The last three session_keys of an identity are kept, sealed; one that is already the
    ///   newest is not kept twice.
    /// - If the user has more than `sessions_per_user` live sessions then, the oldest are ended. That
    ///   is a step of its own, which is done before the call returns.
    /// - A disabled user is [`VisitOutcome::UserDisabled`], and nothing is stored. So is a new
    ///   identity that is banned, itself or by its unionid in its app's Open Platform account
    ///   ([`Ban`](crate::ban::Ban)).
    async fn record_visit(&self, visit: Visit) -> StoreResult<VisitOutcome>;
}
