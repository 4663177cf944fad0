//! Tokens and who may fetch them.

use std::net::IpAddr;

use secrecy::SecretString;

use super::{Control, ControlError};
use crate::crypto::platform_key::PlatformKey;
use crate::phone::PhoneError;
use crate::state::tokens::TokenKind;

/// What a third-party platform is given to begin with.
#[derive(Clone, Debug)]
pub struct ComponentKeys {
    /// The ticket WeChat last sent.
    pub verify_ticket: SecretString,
    /// What the platform got when the app authorised it.
    pub authorizer_refresh_token: SecretString,
}

impl Control {
    /// Ends all of an app's tokens, as if another program had fetched newer ones (40001).
    ///
    /// # Errors
    /// If there is no such app.
    pub fn revoke_tokens(&self, app_id: &str) -> Result<(), ControlError> {
        let app_id = self.app(app_id)?.app_id;
        self.world.tokens().revoke_all(self.now(), &app_id);
        Ok(())
    }

    /// A `cloudbase_access_token`, as the platform lays it into a container.
    ///
    /// # Errors
    /// If there is no such app.
    pub fn cloud_token(&self, app_id: &str) -> Result<SecretString, ControlError> {
        let app_id = self.app(app_id)?.app_id.into();
        let (fresh, ttl_s) = (self.world.dice.access_token(), self.policy().token_ttl_s);
        let given =
            (self.world.tokens()).issue(self.now(), &app_id, &fresh, ttl_s, TokenKind::Cloud);
        Ok(SecretString::from(given.token.as_ref()))
    }

    /// The administrator's answer about a risky address (89503): agreed or refused.
    ///
    /// # Errors
    /// If there is no such app.
    pub fn answer_ip(&self, app_id: &str, ip: IpAddr, agreed: bool) -> Result<(), ControlError> {
        let app_id = self.app(app_id)?.app_id.into();
        (self.world.ip_control()).answer(self.now(), &app_id, ip, agreed);
        Ok(())
    }

    /// What a third-party platform has in hand for an app that authorised it.
    ///
    /// # Errors
    /// [`ControlError::NoComponent`] if there is no such platform or it may not act for the app.
    pub fn component_keys(
        &self,
        component_app_id: &str,
        app_id: &str,
    ) -> Result<ComponentKeys, ControlError> {
        let component = self.world.directory().component(component_app_id);
        let component = component.filter(|component| component.may_act_for(app_id));
        let component = component.ok_or_else(|| ControlError::NoComponent {
            component: component_app_id.to_owned(),
            app_id: app_id.to_owned(),
        })?;
        let fresh = format!("ticket@@@{}", self.world.dice.hex64());
        let ticket = (self.world.tickets()).current(self.now(), &component.id, &fresh);
        let refresh = self.world.derive.refresh_token(&component.id, app_id);
        Ok(ComponentKeys {
            verify_ticket: ticket.into(),
            authorizer_refresh_token: refresh.into(),
        })
    }

    /// The platform's public key in PEM, with which answers to signed calls are checked.
    ///
    /// # Errors
    /// Only by a bug.
    pub fn platform_public_key(&self) -> Result<String, ControlError> {
        let key = self.world.platform_key().and_then(PlatformKey::public_pem);
        key.map_err(|_| PhoneError::Encryption.into())
    }
}
