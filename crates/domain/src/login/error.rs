//! Why a login is refused.

use crate::ports::{OpenDataError, RepositoryError, TokenIssueError, WechatApiError};

/// Why a login is refused, by what the client can do.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// WeChat did not exchange the code.
    #[error("the login code was not exchanged")]
    Exchange(#[from] WechatApiError),
    /// This replica has exchanged the code before, and this is not the same phone's repeat.
    #[error("the login code has been used")]
    CodeSpent,
    /// What came along with the code does not hold.
    #[error("the open data is not believed")]
    OpenData(#[from] OpenDataError),
    /// The operator has shut this user out.
    #[error("the user is disabled")]
    UserDisabled,
    /// The visit was not stored.
    #[error("the login could not be stored")]
    Storage(#[from] RepositoryError),
    /// The visit is stored, but there are no tokens for it.
    #[error("no tokens could be issued")]
    Token(#[from] TokenIssueError),
}
