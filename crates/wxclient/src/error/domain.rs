//! What an error of this crate is to the domain.

use domain::ports::{WechatApiError, WechatFailure};

use super::WechatError;
use crate::api::Api;
use crate::catalogue::Retry;

impl From<WechatError> for WechatApiError {
    /// By what the catalogue says.
    fn from(error: WechatError) -> Self {
        let failure = to_the_service(error.failure(), error.api());
        let retry_after = match failure {
            WechatFailure::RateLimited | WechatFailure::Unavailable => {
                error.retry_after().or(Retry::WithPauses.after())
            }
            _ => None,
        };
        Self {
            failure,
            spends_code: error.verdict().spends_code(),
            retry_after,
            cause: Box::new(error),
        }
    }
}

/// What a failure at one of the service's own calls means. It makes them with values of its own, but
/// for the codes, so that a refusal of anything else is not the front end's to mend.
const fn to_the_service(failure: WechatFailure, api: Api) -> WechatFailure {
    use WechatFailure as F;
    match (failure, api) {
        (F::CodeInvalid | F::CodeUsed, Api::Code2Session) => failure,
        (F::CodeInvalid | F::CodeUsed | F::PhoneCodeInvalid, Api::GetPhoneNumber) => {
            F::PhoneCodeInvalid
        }
        (
            F::CodeInvalid
            | F::CodeUsed
            | F::PhoneCodeInvalid
            | F::InvalidRequest
            | F::OpenDataInvalid
            | F::SessionKeyStale
            | F::TooLong,
            _,
        ) => F::BadAnswer,
        _ => failure,
    }
}
