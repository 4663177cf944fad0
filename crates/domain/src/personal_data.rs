//! Use case: what a logged-in user's phone hands over: open data, and the phone number.

use std::sync::Arc;

use crate::open_data::{EncryptedData, Expected, OpenedData, PhoneGrant};
use crate::ports::{
    AccountRepository, Clock, OpenDataError, OpenDataOpener, PhoneLookups, RepositoryError,
    StoreResult, WechatApiError, WechatUserApi,
};
use crate::secret::{PhoneCode, SessionKey};
use crate::session::SessionAccount;
use crate::time::{Duration, Timestamp, before};
use crate::user::User;

pub struct PersonalDataService {
    pub wechat: Arc<dyn WechatUserApi>,
    pub opener: Arc<dyn OpenDataOpener>,
    /// The number in E.164, such as `+8613800138000`, of what WeChat gives as `countryCode` and
    /// `purePhoneNumber`.
    ///
    /// - Separators are ignored in both. `+86` and `0086` are country codes.
    /// - `number` may be national, with its trunk prefix (`07911 …` in 44) or without, or carry its
    ///   country code.
    /// - Without a country code the number is read as a Chinese one, if it can be one.
    /// - A number that is in no numbering plan is kept as it is, because WeChat has called it and
    ///   may know a newer block of numbers.
    ///
    /// `None` if this cannot be a number: letters, no digits, or more than 15.
    pub e164: fn(&str, &str) -> Option<String>,
    pub accounts: Arc<dyn AccountRepository>,
    pub clock: Arc<dyn Clock>,
    /// The greatest age of a watermark; `None` for any.
    pub max_age: Option<Duration>,
    pub lookups: Arc<dyn PhoneLookups>,
    /// How often one user's phone number may be looked up on one day; 0 for any number.
    pub lookups_per_day: u32,
}

/// The hours by which China is ahead: there WeChat's daily limits begin anew at midnight.
const CHINA: i64 = 8;
const DAY: i64 = 24 * 60 * 60;

type Result<T> = std::result::Result<T, PersonalDataError>;

#[derive(Debug, thiserror::Error)]
pub enum PersonalDataError {
    #[error("the open data is not believed")]
    OpenData(#[from] OpenDataError),
    /// None of the kept session_keys opens the data: the user logs in first, and then presses
    /// the button again.
    #[error("none of the kept session_keys opens the data")]
    SessionKeyStale,
    #[error("WeChat did not give what was asked for")]
    Wechat(#[from] WechatApiError),
    #[error("the user's phone number was looked up too often today")]
    TooManyLookups { wait: Duration },
    #[error("WeChat gave a phone number that is none")]
    NoPhoneNumber,
    #[error("the account is gone")]
    Gone,
    #[error("the account could not be reached")]
    Storage(#[from] RepositoryError),
}

impl PersonalDataService {
    /// Opens data of any kind, with the kept session_keys, the newest first.
    pub async fn open(&self, who: &SessionAccount, data: &EncryptedData) -> Result<OpenedData> {
        let identity = &who.identity;
        for session_key in &self.keys(who).await? {
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
    pub async fn phone_by_code(&self, who: &SessionAccount, code: &PhoneCode) -> Result<User> {
        let day = self.count_lookup(who).await?;
        let (app, open_id) = (&who.identity.app_id, &who.identity.open_id);
        let asked = self.wechat.phone_number(app, open_id, code).await;
        if let (Some(day), Err(_)) = (day, &asked) {
            // If this fails, the user has one lookup less today.
            let _counted = self.lookups.uncount(who.user.id, day).await;
        }
        let grant = asked?;
        let phone = self.e164(&grant).ok_or(PersonalDataError::NoPhoneNumber)?;
        self.keep_phone(who, &phone).await
    }

    /// Keeps the phone number in encrypted data, as older WeChats give it.
    ///
    /// # Errors
    /// [`PersonalDataError`]; data of another kind, or with a number that is none, is
    /// [`OpenDataError::Malformed`].
    pub async fn phone_by_data(&self, who: &SessionAccount, data: &EncryptedData) -> Result<User> {
        let grant = self.open(who, data).await?.phone;
        let phone = grant.and_then(|grant| self.e164(&grant));
        let phone = phone.ok_or(OpenDataError::Malformed)?;
        self.keep_phone(who, &phone).await
    }

    /// Whether the newest kept session_key is the user's current one at WeChat.
    pub async fn session_key_is_current(&self, who: &SessionAccount) -> Result<bool> {
        let (keys, identity) = (self.keys(who).await?, &who.identity);
        let Some(key) = keys.first() else {
            return Ok(false);
        };
        let (app, open_id) = (&identity.app_id, &identity.open_id);
        Ok(self.wechat.is_current(app, open_id, key).await?)
    }

    async fn keys(&self, who: &SessionAccount) -> StoreResult<Vec<SessionKey>> {
        let (app, open_id) = (&who.identity.app_id, &who.identity.open_id);
        self.accounts.session_keys(app, open_id).await
    }

    /// Counts before WeChat is asked, so that lookups at the same moment do not exceed the limit. Returns the day.
    async fn count_lookup(&self, who: &SessionAccount) -> Result<Option<i32>> {
        if self.lookups_per_day == 0 {
            return Ok(None);
        }
        let (day, wait) = day_in_china(self.clock.now());
        let counted = self.lookups.count(who.user.id, day, self.lookups_per_day);
        if counted.await? {
            Ok(Some(day))
        } else {
            Err(PersonalDataError::TooManyLookups { wait })
        }
    }

    async fn keep_phone(&self, who: &SessionAccount, phone: &str) -> Result<User> {
        let user = self.accounts.set_phone(who.user.id, phone).await?;
        user.ok_or(PersonalDataError::Gone)
    }

    fn e164(&self, grant: &PhoneGrant) -> Option<String> {
        let (country, number) = (&grant.country_code, &grant.pure_phone_number);
        (self.e164)(country, number)
    }
}

/// The number of the day, and how long it still lasts.
fn day_in_china(now: Timestamp) -> (i32, Duration) {
    let seconds = now.as_second() + CHINA * 60 * 60;
    let left = DAY - seconds.rem_euclid(DAY);
    let day = i32::try_from(seconds.div_euclid(DAY)).unwrap_or(i32::MAX);
    (day, Duration::from_secs(left.unsigned_abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_in_china() {
        let before: Timestamp = "2026-11-28T15:59:59Z".parse().unwrap();
        let midnight: Timestamp = "2026-11-28T16:00:00Z".parse().unwrap();
        let (yesterday, left) = day_in_china(before);
        assert_eq!(left, Duration::from_secs(1));
        let today = (yesterday + 1, Duration::from_hours(24));
        assert_eq!(day_in_china(midnight), today);
    }
}
