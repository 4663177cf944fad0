//! A WeChat that knows just the codes a test gave it, and open data that is not encrypted at all.

use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::Poll;

use async_trait::async_trait;

use super::repository_contract::named;
use crate::id::{AppId, OpenId, UnionId};
use crate::open_data::{EncryptedData, Expected, OpenedData, PhoneGrant, SignedRawData, Watermark};
use crate::ports::{
    CodeExchanger, OpenDataError, OpenDataOpener, OpenDataResult, WechatApiError, WechatFailure,
    WechatResult, WechatSession, WechatUserApi,
};
use crate::profile::ProfileReport;
use crate::secret::{LoginCode, PhoneCode, SessionKey};

/// A [`CodeExchanger`] with codes that are good once, and errors on request.
#[derive(Default)]
pub struct ScriptedExchanger {
    codes: Mutex<HashMap<String, WechatSession>>,
    failures: Mutex<Vec<WechatApiError>>,
    calls: AtomicUsize,
}

impl ScriptedExchanger {
    /// Makes `code` good for one login as `open_id`.
    pub fn give_code(&self, code: &str, open_id: &str, union_id: Option<&str>) {
        let session = WechatSession {
            open_id: OpenId::new(open_id),
            union_id: union_id.map(UnionId::new),
            session_key: SessionKey::new(format!("key of {code}")),
        };
        self.codes.lock().unwrap().insert(code.to_owned(), session);
    }

    /// Lets the next call fail with `error`. The code it brings is not touched.
    pub fn fail_once(&self, error: WechatApiError) {
        self.failures.lock().unwrap().push(error);
    }

    /// How often it was asked.
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl CodeExchanger for ScriptedExchanger {
    async fn exchange(&self, _app: &AppId, code: &LoginCode) -> WechatResult<WechatSession> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        if let Some(error) = self.failures.lock().unwrap().pop() {
            return Err(error);
        }
        yield_once().await;
        let found = self.codes.lock().unwrap().remove(code.expose());
        found.ok_or_else(|| wechat_error(WechatFailure::CodeInvalid, true))
    }
}

/// An error of WeChat's that may have spent the code.
pub fn wechat_error(failure: WechatFailure, spends_code: bool) -> WechatApiError {
    WechatApiError {
        failure,
        spends_code,
        retry_after: None,
        cause: "scripted".into(),
    }
}

/// Lets other tasks run, as a call over the network would.
async fn yield_once() {
    let mut polls = [Poll::Pending, Poll::Ready(())].into_iter();
    poll_fn(|context| {
        context.waker().wake_by_ref();
        polls.next().unwrap()
    })
    .await;
}

/// A [`WechatUserApi`] with codes such as `86 13580006666`; it refuses what has no blank in it.
#[derive(Default)]
pub struct ScriptedUserApi {
    has_new_keys: AtomicBool,
}

impl ScriptedUserApi {
    /// From now on no session_key is the current one.
    pub fn replace_keys(&self) {
        self.has_new_keys.store(true, Ordering::SeqCst);
    }
}

#[async_trait]
impl WechatUserApi for ScriptedUserApi {
    async fn phone_number(
        &self,
        _: &AppId,
        _: &OpenId,
        code: &PhoneCode,
    ) -> WechatResult<PhoneGrant> {
        let grant = phone_grant(code.expose());
        grant.ok_or_else(|| wechat_error(WechatFailure::PhoneCodeInvalid, true))
    }

    async fn is_current(&self, _: &AppId, _: &OpenId, _: &SessionKey) -> WechatResult<bool> {
        Ok(!self.has_new_keys.load(Ordering::SeqCst))
    }
}

/// An [`OpenDataOpener`] that takes what it is given for a nickname, and `phone 86 1` for a phone number
/// too, unless it is `forged`. An iv that is not empty is the only session_key that opens the data.
#[derive(Default)]
pub struct TrustingOpener;

impl OpenDataOpener for TrustingOpener {
    fn open(&self, data: &EncryptedData, expected: &Expected<'_>) -> OpenDataResult<OpenedData> {
        let is_other_key = !data.iv.is_empty() && data.iv != expected.session_key.expose();
        if is_other_key || data.encrypted_data == "forged" {
            return Err(OpenDataError::NotOpened);
        }
        let phone = data.encrypted_data.strip_prefix("phone ");
        Ok(OpenedData {
            watermark: Watermark {
                app_id: expected.app_id.clone(),
                timestamp: 0,
            },
            union_id: None,
            report: Some(named(&data.encrypted_data)),
            phone: phone.and_then(phone_grant),
            json: String::from("{}"),
        })
    }

    fn verify(&self, data: &SignedRawData, _: &Expected<'_>) -> OpenDataResult<ProfileReport> {
        if data.signature == "forged" {
            return Err(OpenDataError::BadSignature);
        }
        Ok(named(&String::from_utf8_lossy(&data.raw_data)))
    }
}

/// The grant of a text such as `86 1`.
fn phone_grant(text: &str) -> Option<PhoneGrant> {
    let (country_code, number) = text.split_once(' ')?;
    Some(PhoneGrant {
        country_code: country_code.to_owned(),
        pure_phone_number: number.to_owned(),
    })
}
