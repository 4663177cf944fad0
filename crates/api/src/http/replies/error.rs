//! An error on its way out, and how the use cases' errors become one.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::iter::successors;
use std::time::Duration;

use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use domain::access::AccessError;
use domain::account::AccountError;
use domain::app::UnknownApp;
use domain::avatars::UploadError;
use domain::login::LoginError;
use domain::personal_data::PersonalDataError;
use domain::ports::{
    AvatarError, Cause, OpenDataError, RepositoryError, TokenError, TokenIssueError, WechatApiError,
};
use domain::sessions::RefreshError;
use domain::signatures::SignatureError;
use wxclient::WechatError;

use super::ErrorCode;
use super::failure_body::Failure;

/// A wait that is too long for a caller, such as for tomorrow's quota.
const LONG: Duration = Duration::from_mins(10);

/// An error on its way out. Its cause is logged once, when the answer is made.
#[derive(Debug)]
pub(crate) struct ApiError {
    code: ErrorCode,
    detail: Option<String>,
    reason: Option<&'static str>,
    retry_after: Option<Duration>,
    allow: Option<Box<str>>,
    cause: Option<Cause>,
    /// What did not succeed, for the log.
    doing: &'static str,
}

impl ApiError {
    /// An error that needs no more words than its table has.
    pub(crate) fn new(code: ErrorCode) -> Self {
        Self {
            code,
            detail: None,
            reason: None,
            retry_after: None,
            allow: None,
            cause: None,
            doing: "request failed",
        }
    }

    /// `invalid_request`, saying which field and why.
    pub(crate) fn invalid(detail: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidRequest).saying(detail)
    }

    /// The same in other words than those of the table.
    pub(crate) fn saying(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// `method_not_allowed`, with the methods that are.
    pub(crate) fn method_not_allowed(allow: &str) -> Self {
        Self {
            allow: Some(allow.into()),
            ..Self::new(ErrorCode::MethodNotAllowed)
        }
    }

    /// `code`, to be tried again after `retry_after`.
    pub(crate) fn later(code: ErrorCode, retry_after: Duration) -> Self {
        Self {
            retry_after: Some(retry_after),
            ..Self::new(code)
        }
    }

    /// `code`, to be tried again in a second, where nothing better is known.
    pub(crate) fn soon(code: ErrorCode) -> Self {
        Self::later(code, Duration::from_secs(1))
    }

    /// The same, of this work: it is the message of the log line.
    pub(crate) fn doing(self, doing: &'static str) -> Self {
        Self { doing, ..self }
    }

    pub(crate) fn because(mut self, cause: impl Into<Cause>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    pub(crate) fn code(&self) -> ErrorCode {
        self.code
    }

    /// What the operator does: by the errcode, if WeChat gave one, because 40164 and 48001 want
    /// different things done.
    fn action(&self) -> &'static str {
        let mut causes = self.cause.iter().flat_map(|cause| chain(&**cause));
        let wechat = causes.find_map(|cause| cause.downcast_ref::<WechatError>());
        wechat.map_or(self.code.entry().action, |error| error.verdict().todo.en)
    }

    /// Ours is an error, WeChat's a warning, the caller's a matter for debugging.
    fn log(&self) {
        let id = self.code.entry().id;
        let causes = self.cause.iter().flat_map(|cause| chain(&**cause));
        let cause = causes.map(ToString::to_string).collect::<Vec<_>>();
        let cause = cause.join(": ");
        let is_long = self.retry_after.is_some_and(|wait| wait >= LONG);
        match self.code {
            ErrorCode::Internal | ErrorCode::StorageUnavailable => {
                let action = self.code.entry().action;
                tracing::error!(error = id, cause, action, "request failed");
            }
            code if code == ErrorCode::WechatMisconfigured
                || code == ErrorCode::WechatUnavailable && is_long =>
            {
                let action = self.action();
                tracing::error!(error = id, cause, alert = true, action, "{}", self.doing);
            }
            ErrorCode::WechatBadAnswer
            | ErrorCode::WechatTimeout
            | ErrorCode::WechatUnavailable => {
                tracing::warn!(error = id, cause, "WeChat failed: {}", self.doing);
            }
            _ => tracing::debug!(error = id, cause, detail = self.detail, "request refused"),
        }
    }
}

/// The error and everything behind it.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    successors(Some(error), |&error| error.source())
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.entry().id)
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> actix_web::http::StatusCode {
        self.code.status()
    }

    /// The head of the answer. The body is written where the request id is known, by
    /// `failure_body`.
    fn error_response(&self) -> HttpResponse {
        self.log();
        let mut response = HttpResponse::new(self.code.status());
        let headers = response.headers_mut();
        // Rounded up: a client that comes back in time must not be too early.
        let retry_after = self
            .retry_after
            .map(|wait| u64::try_from(wait.as_millis().div_ceil(1_000).max(1)).unwrap_or(u64::MAX));
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        let allow = self.allow.as_deref().map(HeaderValue::from_str);
        if let Some(Ok(allow)) = allow {
            headers.insert(header::ALLOW, allow);
        }
        if self.code.status() == actix_web::http::StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        let entry = self.code.entry();
        response.extensions_mut().insert(Failure {
            code: entry.status,
            msg: self.detail.clone().map_or(entry.msg.into(), Cow::Owned),
            error: entry.id,
            request_id: String::new(),
            reason: self.reason,
            retry_after,
        });
        response
    }
}

/// Declares the answer to each error of the use cases and their ports.
macro_rules! answers {
    ($($error:ident as $it:ident { $($case:pat => $answer:expr,)+ })+) => {$(
        impl From<$error> for ApiError {
            fn from($it: $error) -> Self {
                match $it {
                    $($case => $answer,)+
                }
            }
        }
    )+};
}

answers! {
    UnknownApp as error {
        UnknownApp => Self::new(ErrorCode::UnknownApp),
    }
    LoginError as error {
        LoginError::Exchange(error) => Self::from(error).doing("login failed"),
        LoginError::CodeSpent => Self::new(ErrorCode::CodeInvalid).because(error),
        LoginError::OpenData(error) => Self::new(ErrorCode::OpenDataInvalid).because(error),
        LoginError::UserDisabled => Self::new(ErrorCode::UserDisabled),
        LoginError::Storage(error) => error.into(),
        LoginError::Token(error) => error.into(),
    }
    RepositoryError as error {
        RepositoryError::Unavailable(_) | RepositoryError::WrongMasterKey => {
            Self::soon(ErrorCode::StorageUnavailable).because(error)
        },
        RepositoryError::Overloaded => Self::soon(ErrorCode::Overloaded).because(error),
        RepositoryError::Internal(_) => Self::new(ErrorCode::Internal).because(error),
    }
    AccessError as error {
        AccessError::Token(TokenError::Invalid) => Self::new(ErrorCode::TokenInvalid),
        AccessError::Token(TokenError::Expired) => Self::new(ErrorCode::TokenExpired),
        AccessError::Token(TokenError::NoKey) => {
            Self::soon(ErrorCode::StorageUnavailable).because(error)
        },
        AccessError::SessionRevoked => Self::new(ErrorCode::SessionRevoked),
        AccessError::Storage(error) => error.into(),
    }
    TokenIssueError as error {
        TokenIssueError::NoKey => Self::soon(ErrorCode::StorageUnavailable).because(error),
        TokenIssueError::Failed(_) => Self::new(ErrorCode::Internal).because(error),
    }
    RefreshError as error {
        RefreshError::Invalid => Self::new(ErrorCode::RefreshInvalid),
        RefreshError::Reused => Self::new(ErrorCode::RefreshReused),
        RefreshError::SessionRevoked => Self::new(ErrorCode::SessionRevoked),
        RefreshError::Storage(error) => error.into(),
        RefreshError::Token(error) => error.into(),
    }
    AccountError as error {
        AccountError::Gone => Self::new(ErrorCode::SessionRevoked),
        AccountError::Storage(error) => error.into(),
    }
    PersonalDataError as error {
        PersonalDataError::OpenData(error) => Self {
            reason: Some(reason(error)),
            ..Self::new(ErrorCode::OpenDataInvalid)
        }
        .because(error),
        PersonalDataError::SessionKeyStale => Self::new(ErrorCode::SessionKeyStale),
        PersonalDataError::Wechat(error) => error.into(),
        PersonalDataError::TooManyLookups { wait } => Self::later(ErrorCode::RateLimited, wait),
        PersonalDataError::NoPhoneNumber => Self::new(ErrorCode::WechatBadAnswer).because(error),
        PersonalDataError::Gone => Self::new(ErrorCode::SessionRevoked),
        PersonalDataError::Storage(error) => error.into(),
    }
    UploadError as error {
        UploadError::Avatar(AvatarError::NotAPicture) => {
            Self::invalid("文件不是完整的 PNG、JPEG 或 WebP 图片")
        },
        UploadError::Avatar(AvatarError::TooManyPixels) => {
            Self::invalid("图片的像素过多，请缩小后再上传")
        },
        UploadError::Avatar(AvatarError::Unavailable(_)) | UploadError::Storage(_) => {
            Self::soon(ErrorCode::StorageUnavailable).because(error)
        },
        UploadError::Gone => Self::new(ErrorCode::SessionRevoked),
    }
    SignatureError as error {
        SignatureError::NoSuchUser => Self::new(ErrorCode::NotFound),
        SignatureError::UserDisabled => Self::new(ErrorCode::UserDisabled),
        SignatureError::SessionKeyStale => Self::new(ErrorCode::SessionKeyStale)
            .saying("没有可用的会话密钥：请前端重新 wx.login 登录，后端再请求签名"),
        SignatureError::Wechat(error) => Self::from(error).doing("session_key check failed"),
        SignatureError::Storage(error) => error.into(),
    }
}

impl From<WechatApiError> for ApiError {
    fn from(error: WechatApiError) -> Self {
        Self {
            retry_after: error.retry_after,
            ..Self::new(error.failure.into())
        }
        .because(error)
    }
}

/// Why open data is not believed, for a caller who has a session.
fn reason(error: OpenDataError) -> &'static str {
    match error {
        OpenDataError::Malformed | OpenDataError::NotOpened | OpenDataError::BadSignature => {
            "malformed"
        }
        OpenDataError::OtherApp => "other_app",
        OpenDataError::OtherUser => "other_user",
        OpenDataError::TooOld => "too_old",
    }
}
