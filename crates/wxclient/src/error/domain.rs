//! What an error of this crate is to the domain.

use std::time::Duration;

use domain::ports::WechatApiError;

use super::WechatError;
use crate::catalogue::Answer;

/// code 已被使用.
const CODE_USED: i64 = 40163;

impl From<WechatError> for WechatApiError {
    /// By what the catalogue says the service answers.
    fn from(error: WechatError) -> Self {
        let retry_after = error.retry_after().unwrap_or(Duration::from_secs(5));
        let answer = error.answer();
        let is_used = error.errcode() == Some(CODE_USED);
        let cause = Box::new(error);
        match answer {
            Answer::CodeInvalid | Answer::PhoneCodeInvalid if is_used => Self::CodeUsed(cause),
            Answer::CodeInvalid | Answer::PhoneCodeInvalid => Self::CodeInvalid(cause),
            Answer::UserBlocked => Self::UserBlocked(cause),
            Answer::RateLimited => Self::RateLimited { retry_after, cause },
            Answer::Misconfigured => Self::Misconfigured(cause),
            Answer::Unavailable => Self::Unavailable { retry_after, cause },
            Answer::Timeout => Self::Timeout(cause),
            // What the documents do not know as an answer to what the domain asks for.
            Answer::BadAnswer
            | Answer::Ok
            | Answer::InvalidRequest
            | Answer::OpenDataInvalid
            | Answer::SessionKeyStale
            | Answer::PayloadTooLarge => Self::BadAnswer(cause),
        }
    }
}
