//! The phone number of a user, from WeChat's answer to the account.

use std::sync::Arc;

use async_trait::async_trait;
use domain::id::{AppId, OpenId};
use domain::open_data::PhoneGrant;
use domain::personal_data::{PersonalDataError, PersonalDataService};
use domain::ports::{AccountRepository, WechatApiError, WechatUserApi};
use domain::secret::{PhoneCode, SessionKey};
use domain::testing::{FixedClock, InMemoryStore, JoinedPhoneNumbers, TrustingOpener};

use crate::guest;

/// A WeChat whose phone codes are the numbers themselves, as `86 13580006666`.
struct NumbersAsCodes;

#[async_trait]
impl WechatUserApi for NumbersAsCodes {
    async fn phone_number(
        &self,
        _: &AppId,
        _: &OpenId,
        code: &PhoneCode,
    ) -> Result<PhoneGrant, WechatApiError> {
        let (country_code, number) = code.expose().split_once(' ').unwrap();
        Ok(PhoneGrant {
            country_code: country_code.to_owned(),
            pure_phone_number: number.to_owned(),
        })
    }

    async fn is_current(
        &self,
        _: &AppId,
        _: &OpenId,
        _: &SessionKey,
    ) -> Result<bool, WechatApiError> {
        Ok(true)
    }
}

fn service(store: &Arc<InMemoryStore>) -> PersonalDataService {
    PersonalDataService::new(
        Arc::new(NumbersAsCodes),
        Arc::new(TrustingOpener),
        Arc::new(JoinedPhoneNumbers),
        store.clone(),
        Arc::new(FixedClock::default()),
        None,
    )
}

#[tokio::test]
async fn the_number_is_kept_in_e164() {
    let store = Arc::new(InMemoryStore::default());
    let alice = guest::logged_in(&store, "o-alice").await;
    let code = PhoneCode::new("86 13580006666");
    let user = service(&store).phone_by_code(&alice, &code).await.unwrap();
    assert_eq!(user.phone.as_deref(), Some("+8613580006666"));
}

#[tokio::test]
async fn what_is_no_number_is_refused_and_the_stored_number_stays() {
    let store = Arc::new(InMemoryStore::default());
    let alice = guest::logged_in(&store, "o-alice").await;
    let service = service(&store);
    let code = PhoneCode::new("86 13580006666");
    service.phone_by_code(&alice, &code).await.unwrap();
    let refused = service
        .phone_by_code(&alice, &PhoneCode::new("86 unknown"))
        .await;
    assert!(matches!(refused, Err(PersonalDataError::NoPhoneNumber)));
    let account = AccountRepository::find(&*store, alice.user.id).await;
    let user = account.unwrap().unwrap().user;
    assert_eq!(user.phone.as_deref(), Some("+8613580006666"));
}
