//! What a logged-in user's phone hands over.

use std::sync::Arc;

use domain::open_data::EncryptedData;
use domain::personal_data::{PersonalDataError, PersonalDataService};
use domain::ports::{AccountRepository, OpenDataError, WechatFailure};
use domain::secret::PhoneCode;
use domain::session::SessionAccount;
use domain::testing::{ScriptedUserApi, TrustingOpener};

use crate::world::World;

const PHONE: &str = "+8613580006666";

fn service(world: &World, wechat: Arc<ScriptedUserApi>) -> PersonalDataService {
    PersonalDataService {
        wechat,
        opener: Arc::new(TrustingOpener),
        e164: joined,
        accounts: world.store.clone(),
        clock: world.clock.clone(),
        max_age: None,
        lookups: world.store.clone(),
        lookups_per_day: 3,
    }
}

/// The country code in front of the number; `None` unless both are digits.
fn joined(country_code: &str, number: &str) -> Option<String> {
    let is_digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    (is_digits(country_code) && is_digits(number)).then(|| format!("+{country_code}{number}"))
}

async fn phone(world: &World, who: &SessionAccount) -> Option<String> {
    let account = AccountRepository::find(&*world.store, who.user.id).await;
    account.unwrap().unwrap().user.phone
}

/// Data that opens with a session_key, or with any.
fn sealed(text: &str, session_key: Option<&str>) -> EncryptedData {
    EncryptedData {
        encrypted_data: text.to_owned(),
        iv: session_key.unwrap_or_default().to_owned(),
    }
}

#[tokio::test]
async fn the_number_is_kept_in_e164() {
    let world = World::default();
    let alice = world.log_in("o-alice").await.account;
    let service = service(&world, Arc::default());
    let code = PhoneCode::new("86 13580006666");
    let user = service.phone_by_code(&alice, &code).await.unwrap();
    assert_eq!(user.phone.as_deref(), Some(PHONE));
    let data = sealed("phone 86 13580007777", None);
    let user = service.phone_by_data(&alice, &data).await.unwrap();
    assert_eq!(user.phone.as_deref(), Some("+8613580007777"));
}

#[tokio::test]
async fn what_is_no_number_is_refused_and_the_stored_number_stays() {
    let world = World::default();
    let alice = world.log_in("o-alice").await.account;
    let service = service(&world, Arc::default());
    let code = PhoneCode::new("86 13580006666");
    service.phone_by_code(&alice, &code).await.unwrap();
    let by_code = async |code| service.phone_by_code(&alice, &PhoneCode::new(code)).await;
    let refused = by_code("86 unknown").await;
    assert!(matches!(refused, Err(PersonalDataError::NoPhoneNumber)));
    let Err(PersonalDataError::Wechat(refused)) = by_code("spent").await else {
        panic!("a spent code gave a number");
    };
    assert_eq!(refused.failure, WechatFailure::PhoneCodeInvalid);
    for text in ["no phone", "phone 86 unknown"] {
        let refused = service.phone_by_data(&alice, &sealed(text, None)).await;
        let Err(PersonalDataError::OpenData(why)) = refused else {
            panic!("{text} gave a number");
        };
        assert_eq!(why, OpenDataError::Malformed);
    }
    assert_eq!(phone(&world, &alice).await.as_deref(), Some(PHONE));
}

#[tokio::test]
async fn data_opens_with_each_kept_session_key() {
    let world = World::default();
    let mut keys = Vec::new();
    for code in ["one", "two", "three", "four"] {
        world.wechat.give_code(code, "o-alice", None);
        let attempt = crate::world::attempt(code, None);
        world.replica().login(&attempt).await.unwrap();
        keys.push(format!("key of {code}"));
    }
    let alice = world.log_in("o-alice").await.account;
    let service = service(&world, Arc::default());
    // Three are kept, the one of the last login included.
    for (key, is_kept) in keys.iter().zip([false, false, true, true]) {
        let opened = service.open(&alice, &sealed("x", Some(key))).await;
        assert_eq!(opened.is_ok(), is_kept, "{key}");
        assert!(matches!(
            opened,
            Ok(_) | Err(PersonalDataError::SessionKeyStale)
        ));
    }
}

#[tokio::test]
async fn wechat_says_whether_the_session_key_is_current() {
    let world = World::default();
    let alice = world.log_in("o-alice").await.account;
    let wechat = Arc::new(ScriptedUserApi::default());
    let service = service(&world, wechat.clone());
    assert!(service.session_key_is_current(&alice).await.unwrap());
    wechat.replace_keys();
    assert!(!service.session_key_is_current(&alice).await.unwrap());
}

#[tokio::test]
async fn a_lookup_more_than_the_days_is_refused_until_midnight() {
    let world = World::default();
    let alice = world.log_in("o-alice").await.account;
    let bob = world.log_in("o-bob").await.account;
    let service = service(&world, Arc::default());
    let code = PhoneCode::new("86 13580006666");
    for _ in 0..3 {
        service.phone_by_code(&alice, &code).await.unwrap();
    }
    let refused = service.phone_by_code(&alice, &code).await;
    let Err(PersonalDataError::TooManyLookups { wait }) = refused else {
        panic!("{refused:?}");
    };
    assert!(wait.as_secs() <= 24 * 60 * 60);
    service.phone_by_code(&bob, &code).await.unwrap();
}
