//! Use case: signatures with a user's session_key, which never leaves the service.
//!
//! WeChat's virtual payment wants each order signed with the user's newest session_key. Another
//! backend of the team gives the text, and gets the signature.

use std::sync::Arc;

use crate::audit::{AuditAction, Caller};
use crate::id::{AppId, OpenId, UserId};
use crate::ports::{
    AuditLog, Clock, RepositoryError, SignatoryRepository, WechatApiError, WechatUserApi,
};
use crate::secret::SessionKey;

pub struct SignatureService {
    pub signatories: Arc<dyn SignatoryRepository>,
    pub wechat: Arc<dyn WechatUserApi>,
    /// The signature of a text by a session_key, as WeChat's virtual payment (虚拟支付), game coins and
    /// store payment want it: in lower-case hex, over the text byte for byte. The text must not be
    /// empty: that signature is a credential that WeChat gives a new session_key for.
    pub sign: fn(&SessionKey, &[u8]) -> String,
    pub audit: Arc<dyn AuditLog>,
    pub clock: Arc<dyn Clock>,
}

#[derive(Clone, Debug)]
pub struct SignatureOrder {
    /// The app whose session_key signs.
    pub app: AppId,
    pub user: Whom,
    /// The text: a JSON object with at least one member, which the caller has checked.
    pub text: String,
    /// The SHA-256 of the text in hex, for the audit log.
    pub digest: String,
    /// Whether WeChat is asked first if the session_key is still the current one.
    pub check_session: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Whom {
    User(UserId),
    OpenId(OpenId),
}

/// A user in an app, as a signature needs them.
#[derive(Clone, Debug)]
pub struct Signatory {
    pub user_id: UserId,
    pub is_disabled: bool,
    pub open_id: OpenId,
    /// The newest one. `None` if none is kept, or it cannot be opened: an older one would make a
    /// signature that WeChat refuses.
    pub session_key: Option<SessionKey>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionSignature {
    /// Lower-case hex of HMAC-SHA256.
    pub signature: String,
    pub open_id: OpenId,
}

#[derive(Debug, thiserror::Error)]
pub enum SignatureError {
    #[error("there is no such user in this app")]
    NoSuchUser,
    #[error("the user is disabled")]
    UserDisabled,
    /// No session_key is kept, or WeChat says that it is not current any more.
    #[error("there is no current session_key of the user")]
    SessionKeyStale,
    #[error("WeChat did not check the session_key")]
    Wechat(#[from] WechatApiError),
    #[error("the account could not be reached")]
    Storage(#[from] RepositoryError),
}

impl SignatureService {
    /// Signs with the user's newest session_key, which is read from the store each time: one from
    /// before a login on another replica would make a signature that WeChat refuses. The audit
    /// entry is stored before the signature is given.
    pub async fn sign(
        &self,
        order: &SignatureOrder,
        by: &Caller,
    ) -> Result<SessionSignature, SignatureError> {
        let signatory = self.signatories.find(&order.app, &order.user).await?;
        let signatory = signatory.ok_or(SignatureError::NoSuchUser)?;
        if signatory.is_disabled {
            return Err(SignatureError::UserDisabled);
        }
        let (open_id, key) = (signatory.open_id, signatory.session_key);
        let key = key.ok_or(SignatureError::SessionKeyStale)?;
        if order.check_session && !self.wechat.is_current(&order.app, &open_id, &key).await? {
            return Err(SignatureError::SessionKeyStale);
        }
        let audit = by.entry(AuditAction::SignText, &*self.clock);
        let audit = audit.about(signatory.user_id).on(&order.digest);
        self.audit.record(audit).await?;
        Ok(SessionSignature {
            signature: (self.sign)(&key, order.text.as_bytes()),
            open_id,
        })
    }
}
