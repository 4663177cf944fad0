//! Input and output of a login.

use std::sync::Arc;

use crate::app::App;
use crate::id::{OpenId, UnionId};
use crate::open_data::{EncryptedData, SignedRawData, Watermark};
use crate::ports::TokenPair;
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

/// A user whom WeChat's gateway has named.
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
