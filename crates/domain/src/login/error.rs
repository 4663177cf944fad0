//! Why a login is refused.

use crate::ports::{OpenDataError, RepositoryError, TokenIssueError, WechatApiError};

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
