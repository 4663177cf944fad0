//! Input and output of a login, and why it is refused.

use std::sync::Arc;

use crate::app::App;
use crate::id::{OpenId, UnionId};
use crate::open_data::{EncryptedData, SignedRawData, Watermark};
use crate::ports::{OpenDataError, RepositoryError, TokenIssueError, TokenPair, WechatApiError};
use crate::secret::{LoginCode, LoginNonce};
use crate::session::SessionAccount;

/// A request to log in, of the right shape and otherwise unproven.
#[derive(Clone, Debug)]
pub struct LoginAttempt {
    pub app: App,
    /// What `wx.login` gave.
    pub code: LoginCode,
    /// Made by the client, so that a repeat of this request can be told from a thief's.
    pub nonce: Option<LoginNonce>,
    pub encrypted_data: Option<EncryptedData>,
    pub raw_data: Option<SignedRawData>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedUser {
    pub app: App,
    pub open_id: OpenId,
    pub union_id: Option<UnionId>,
}

#[derive(Clone, Debug)]
pub struct Login {
    pub account: Arc<SessionAccount>,
    pub tokens: TokenPair,
    /// The watermark of the opened data, if data came along.
    pub watermark: Option<Watermark>,
}

#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    #[error("the login code was not exchanged")]
    Exchange(#[from] WechatApiError),
    /// This replica has exchanged the code before, and this is not the same phone's repeat.
    #[error("the login code has been used")]
    CodeSpent,
    #[error("the open data is not believed")]
    OpenData(#[from] OpenDataError),
    #[error("the user is disabled")]
    UserDisabled,
    #[error("the login could not be stored")]
    Storage(#[from] RepositoryError),
    /// The visit is stored, but there are no tokens for it.
    #[error("no tokens could be issued")]
    Token(#[from] TokenIssueError),
}
