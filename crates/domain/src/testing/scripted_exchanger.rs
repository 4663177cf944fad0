//! A WeChat that knows just the codes a test gave it.

use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use async_trait::async_trait;

use crate::id::{AppId, OpenId, UnionId};
use crate::ports::{CodeExchanger, WechatApiError, WechatFailure, WechatSession};
use crate::secret::{LoginCode, SessionKey};

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
    async fn exchange(
        &self,
        _app: &AppId,
        code: &LoginCode,
    ) -> Result<WechatSession, WechatApiError> {
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
