//! Logins, which update the memory.

use std::sync::Arc;

use async_trait::async_trait;
use domain::ports::{Change, RepositoryError, UserRepository};
use domain::session::SessionAccount;
use domain::visit::{Visit, VisitOutcome};

use super::Remembering;

#[async_trait]
impl UserRepository for Remembering<dyn UserRepository> {
    async fn record_visit(&self, visit: Visit) -> Result<VisitOutcome, RepositoryError> {
        let before = self.memory.before();
        let outcome = self.plain().record_visit(visit).await?;
        if let VisitOutcome::Recorded {
            account,
            ended_others,
        } = &outcome
        {
            if *ended_others {
                self.memory.forget(Change::User(account.user.id));
            }
            let account = Arc::new(SessionAccount::clone(account));
            self.memory.learn_login(&account, before);
        }
        Ok(outcome)
    }
}
