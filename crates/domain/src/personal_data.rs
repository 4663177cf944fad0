//! Use case: what a logged-in user's phone hands over: open data, and the phone number.

use std::sync::Arc;

use crate::open_data::{EncryptedData, Expected, OpenedData, PhoneGrant};
use crate::ports::{
    AccountRepository, Clock, OpenDataError, OpenDataOpener, RepositoryError, WechatApiError,
    WechatUserApi,
};
use crate::secret::PhoneCode;
use crate::session::SessionAccount;
use crate::time::{Duration, before};
use crate::user::User;

/// Opens open data with the kept session_keys, and keeps phone numbers.
pub struct PersonalDataService {
    wechat: Arc<dyn WechatUserApi>,
    opener: Arc<dyn OpenDataOpener>,
    accounts: Arc<dyn AccountRepository>,
    clock: Arc<dyn Clock>,
    max_age: Option<Duration>,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum PersonalDataError {
    /// The data does not hold.
    #[error("the open data is not believed")]
    OpenData(#[from] OpenDataError),
    /// None of the kept session_keys opens the data: the user logs in first, and then presses
    /// the button again.
    #[error("none of the kept session_keys opens the data")]
    SessionKeyStale,
    /// WeChat did not tell.
    #[error("WeChat did not give what was asked for")]
    Wechat(#[from] WechatApiError),
    /// What WeChat told is no phone number.
    #[error("WeChat gave a phone number that is none")]
    NoPhoneNumber,
    /// The account was deleted a moment ago.
    #[error("the account is gone")]
    Gone,
    /// The database did not answer.
    #[error("the account could not be reached")]
    Storage(#[from] RepositoryError),
}

impl PersonalDataService {
    /// Puts the service together. Data with a watermark older than `max_age` is refused.
    #[must_use]
    pub fn new(
        wechat: Arc<dyn WechatUserApi>,
        opener: Arc<dyn OpenDataOpener>,
        accounts: Arc<dyn AccountRepository>,
        clock: Arc<dyn Clock>,
        max_age: Option<Duration>,
    ) -> Self {
        Self {
            wechat,
            opener,
            accounts,
            clock,
            max_age,
        }
    }

    /// Opens data of any kind, with the kept session_keys, the newest first.
    ///
    /// # Errors
    /// [`PersonalDataError`].
    pub async fn open(
        &self,
        who: &SessionAccount,
        data: &EncryptedData,
    ) -> Result<OpenedData, PersonalDataError> {
        let identity = &who.identity;
        let keys = self
            .accounts
            .session_keys(&identity.app_id, &identity.open_id)
            .await?;
        for session_key in &keys {
            let expected = Expected {
                session_key,
                app_id: &identity.app_id,
                open_id: &identity.open_id,
                not_before: self.max_age.map(|age| before(self.clock.now(), age)),
            };
            match self.opener.open(data, &expected) {
                Err(OpenDataError::NotOpened) => {}
                opened => return Ok(opened?),
            }
        }
        Err(PersonalDataError::SessionKeyStale)
    }

    /// Keeps the phone number that a code of `getPhoneNumber` stands for.
    ///
    /// # Errors
    /// [`PersonalDataError`].
    pub async fn phone_by_code(
        &self,
        who: &SessionAccount,
        code: &PhoneCode,
    ) -> Result<User, PersonalDataError> {
        let identity = &who.identity;
        let grant = self
            .wechat
            .phone_number(&identity.app_id, &identity.open_id, code)
            .await?;
        self.keep_phone(who, &grant).await
    }

    /// Keeps the phone number in encrypted data, as older WeChats give it.
    ///
    /// # Errors
    /// [`PersonalDataError`]; data of another kind is [`OpenDataError::Malformed`].
    pub async fn phone_by_data(
        &self,
        who: &SessionAccount,
        data: &EncryptedData,
    ) -> Result<User, PersonalDataError> {
        let grant = self
            .open(who, data)
            .await?
            .phone
            .ok_or(OpenDataError::Malformed)?;
        self.keep_phone(who, &grant).await
    }

    /// Whether the newest kept session_key is the user's current one at WeChat.
    ///
    /// # Errors
    /// [`PersonalDataError`].
    pub async fn session_key_is_current(
        &self,
        who: &SessionAccount,
    ) -> Result<bool, PersonalDataError> {
        let identity = &who.identity;
        let keys = self
            .accounts
            .session_keys(&identity.app_id, &identity.open_id)
            .await?;
        match keys.first() {
            Some(key) => Ok(self
                .wechat
                .is_current(&identity.app_id, &identity.open_id, key)
                .await?),
            None => Ok(false),
        }
    }

    async fn keep_phone(
        &self,
        who: &SessionAccount,
        grant: &PhoneGrant,
    ) -> Result<User, PersonalDataError> {
        let phone = e164(grant).ok_or(PersonalDataError::NoPhoneNumber)?;
        let user = self.accounts.set_phone(who.user.id, &phone).await?;
        user.ok_or(PersonalDataError::Gone)
    }
}

/// The number in E.164: plus, country code, number; 15 digits at most.
fn e164(grant: &PhoneGrant) -> Option<String> {
    let country = grant.country_code.trim_start_matches('+');
    let digits = format!("{country}{}", grant.pure_phone_number);
    let are_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
    let is_number = are_digits
        && !country.is_empty()
        && !country.starts_with('0')
        && !grant.pure_phone_number.is_empty()
        && digits.len() <= 15;
    is_number.then(|| format!("+{digits}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(country_code: &str, pure_phone_number: &str) -> Option<String> {
        e164(&PhoneGrant {
            country_code: country_code.to_owned(),
            pure_phone_number: pure_phone_number.to_owned(),
        })
    }

    #[test]
    fn a_number_is_country_code_and_pure_number_after_a_plus() {
        assert_eq!(
            number("86", "13580006666").as_deref(),
            Some("+8613580006666")
        );
        assert_eq!(number("+852", "51234567").as_deref(), Some("+85251234567"));
    }

    #[test]
    fn what_is_no_number_is_not_made_one() {
        for (country_code, pure) in [
            ("", "13580006666"),
            ("86", ""),
            ("86", "1358000666x"),
            ("0", "1"),
            ("86", "12345678901234"),
        ] {
            assert_eq!(number(country_code, pure), None, "{country_code} {pure}");
        }
    }
}
