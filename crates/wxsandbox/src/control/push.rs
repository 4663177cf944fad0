//! Message push, at the console's and the user's bidding.

use serde_json::Value;

use super::{Control, ControlError};
use crate::config::PushConfig;
use crate::push::{self, Attempt, Delivery, UserDataEvent};

impl Control {
    /// Checks the app's push URL as the console does when it is saved.
    ///
    /// # Errors
    /// If there is no such app or it has no push URL.
    pub async fn verify_push(&self, app_id: &str) -> Result<Attempt, ControlError> {
        let config = self.push_config(app_id)?;
        Ok(push::verify(&self.world, &config).await)
    }

    /// Pushes any message, repeated until it is answered.
    ///
    /// # Errors
    /// As [`Control::verify_push`].
    pub async fn push(&self, app_id: &str, message: &Value) -> Result<Delivery, ControlError> {
        let config = self.push_config(app_id)?;
        let app_id = app_id.into();
        Ok(push::deliver(&self.world, &config, &app_id, message).await)
    }

    /// Pushes an event about a user's data to the app's server.
    ///
    /// # Errors
    /// As [`Control::verify_push`], or if there is no such user.
    pub async fn push_event(
        &self,
        app_id: &str,
        user: &str,
        event: &UserDataEvent,
    ) -> Result<Delivery, ControlError> {
        let identity = self.phone(user, app_id)?.identity().clone();
        let original_id = self.world.derive.original_id(app_id);
        let created = self.now().unix_seconds();
        let message = event.message(&original_id, &identity, created);
        self.push(app_id, &message).await
    }

    fn push_config(&self, app_id: &str) -> Result<PushConfig, ControlError> {
        let config = self.app(app_id)?.push;
        config.ok_or_else(|| ControlError::NoPush(app_id.to_owned()))
    }
}
