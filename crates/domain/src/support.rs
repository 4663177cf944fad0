//! Use case: what the operator, and WeChat's push, do to accounts. Each change leaves an audit
//! entry.

use std::sync::Arc;

use uuid::Uuid;

use crate::account::{Account, Withdrawal};
use crate::audit::{AuditAction, AuditEntry, Caller};
use crate::id::{AppId, OpenId, UserId};
use crate::ports::{
    AccountRepository, AuditLog, BanRepository, Clock, MergeOutcome, MergeRepository, StoreResult,
};

/// The support desk: what it changes, each in one call of a port, which says what is answered. What it
/// only reads, its ports tell.
pub struct SupportDesk {
    pub accounts: Arc<dyn AccountRepository>,
    pub merges: Arc<dyn MergeRepository>,
    pub bans: Arc<dyn BanRepository>,
    pub audit: Arc<dyn AuditLog>,
    pub clock: Arc<dyn Clock>,
}

impl SupportDesk {
    /// Shuts the user out, and ends their sessions. `None` if there is no such user.
    pub async fn disable(&self, id: UserId, by: &Caller) -> StoreResult<Option<Account>> {
        let audit = self.of_user(by, AuditAction::DisableUser, id);
        self.accounts.set_disabled(id, true, audit).await
    }

    /// Lets a disabled user log in again. `None` if there is no such user.
    pub async fn enable(&self, id: UserId, by: &Caller) -> StoreResult<Option<Account>> {
        let audit = self.of_user(by, AuditAction::EnableUser, id);
        self.accounts.set_disabled(id, false, audit).await
    }

    /// Deletes the user and all personal data. `false` if there is no such user.
    pub async fn delete(&self, id: UserId, by: &Caller) -> StoreResult<bool> {
        let audit = self.of_user(by, AuditAction::DeleteUser, id);
        self.accounts.delete(id, audit).await
    }

    /// Logs the user out everywhere, and returns how many sessions were live. `None` if there is no such user.
    pub async fn end_sessions(&self, id: UserId, by: &Caller) -> StoreResult<Option<usize>> {
        let audit = self.of_user(by, AuditAction::EndSessions, id);
        self.accounts.end_sessions(id, audit).await
    }

    /// Makes the two users of a candidate one.
    pub async fn apply_merge(&self, id: Uuid, by: &Caller) -> StoreResult<MergeOutcome> {
        let audit = self.of(by, AuditAction::ApplyMerge, &id);
        self.merges.apply(id, audit).await
    }

    /// Notes that the two users of a candidate are two people. `false` if there is no such candidate.
    pub async fn dismiss_merge(&self, id: Uuid, by: &Caller) -> StoreResult<bool> {
        let audit = self.of(by, AuditAction::DismissMerge, &id);
        self.merges.dismiss(id, audit).await
    }

    /// Lets whom the ban is about log in again, as a new user. `false` if there is no such ban.
    pub async fn lift_ban(&self, id: Uuid, by: &Caller) -> StoreResult<bool> {
        let audit = self.of(by, AuditAction::LiftBan, &id);
        self.bans.lift(id, audit).await
    }

    /// Deletes what a user has withdrawn at WeChat. `false` if nothing was known of them. `message`
    /// names WeChat's message: what it asks for is done once, although WeChat repeats it.
    pub async fn withdraw(
        &self,
        app: &AppId,
        open_id: &OpenId,
        withdrawn: &[Withdrawal],
        message: Option<Uuid>,
        by: &Caller,
    ) -> StoreResult<bool> {
        let mut audit = self.of(by, AuditAction::Withdraw, app);
        audit.id = message.unwrap_or(audit.id);
        self.accounts.withdraw(app, open_id, withdrawn, audit).await
    }

    /// Notes that WeChat's access_token of an app was handed out.
    pub async fn note_wechat_token(&self, app: &AppId, by: &Caller) -> StoreResult<()> {
        let audit = self.of(by, AuditAction::TakeWechatToken, app);
        self.audit.record(audit).await
    }

    /// The entry of what is done to a user.
    fn of_user(&self, by: &Caller, action: AuditAction, id: UserId) -> AuditEntry {
        by.entry(action, &*self.clock).about(id)
    }

    /// The entry of what is done to something else.
    fn of(&self, by: &Caller, action: AuditAction, subject: &impl ToString) -> AuditEntry {
        by.entry(action, &*self.clock).on(subject)
    }
}
