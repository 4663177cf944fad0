//! What follows from an error.

use std::fmt;
use std::time::Duration;

/// A text in both languages of this project's readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text {
    /// Chinese.
    pub zh: &'static str,
    /// English.
    pub en: &'static str,
}

/// What follows from an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What kind of trouble it is.
    pub category: Category,
    /// Who must act.
    pub actor: Actor,
    /// What they must do.
    pub todo: Text,
    /// Whether and when the service asks WeChat again.
    pub retry: Retry,
    /// What the service answers its own client; `None` where none of its answers comes of it.
    pub answer: Option<Answer>,
}

/// What kind of trouble an error is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    /// No error.
    Success,
    /// The user or the front end sent something that does not hold.
    Input,
    /// WeChat distrusts the user.
    Risk,
    /// Too many calls.
    Limit,
    /// WeChat is busy or out of reach.
    Busy,
    /// The access_token; the service gets a new one.
    Token,
    /// The service's settings, the app's console, or a bug.
    Configuration,
}

/// Who must act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// The person at the phone.
    EndUser,
    /// The mini program's code.
    FrontEnd,
    /// Whoever runs the service or owns the app's console.
    Operator,
    /// Nobody: it passes, or the service handles it.
    Nobody,
}

/// Whether and when the service asks WeChat again by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Never: the same call fails the same way.
    Never,
    /// At most twice more, with growing pauses.
    WithPauses,
    /// Once, with a new access_token.
    WithNewToken,
    /// Not by itself; it may work after this many seconds.
    AfterSeconds(u32),
    /// Not by itself; it works once the operator has acted.
    AfterOperator,
}

impl Retry {
    /// When the caller may try again; `None` if waiting does not help.
    #[must_use]
    pub const fn after(self) -> Option<Duration> {
        match self {
            Self::WithPauses => Some(Duration::from_secs(5)),
            Self::AfterSeconds(seconds) => Some(Duration::from_secs(seconds as u64)),
            Self::Never | Self::WithNewToken | Self::AfterOperator => None,
        }
    }
}

/// What the service answers its own client. [`status`](Self::status) and [`id`](Self::id) are
/// part of its interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// Success.
    Ok,
    /// The request does not hold.
    InvalidRequest,
    /// Encrypted data does not hold.
    OpenDataInvalid,
    /// The phone code does not hold.
    PhoneCodeInvalid,
    /// The login code does not hold: call wx.login again.
    CodeInvalid,
    /// WeChat blocks the user.
    UserBlocked,
    /// The session_key has been replaced or has expired: call wx.login first.
    SessionKeyStale,
    /// Too long.
    PayloadTooLarge,
    /// Too many calls.
    RateLimited,
    /// This service's settings at WeChat are wrong.
    Misconfigured,
    /// WeChat's answer makes no sense.
    BadAnswer,
    /// WeChat is away.
    Unavailable,
    /// WeChat did not answer in time.
    Timeout,
}

impl Answer {
    /// The HTTP status.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Ok => 200,
            Self::InvalidRequest | Self::OpenDataInvalid | Self::PhoneCodeInvalid => 400,
            Self::CodeInvalid => 401,
            Self::UserBlocked => 403,
            Self::SessionKeyStale => 409,
            Self::PayloadTooLarge => 413,
            Self::RateLimited => 429,
            Self::Misconfigured => 500,
            Self::BadAnswer => 502,
            Self::Unavailable => 503,
            Self::Timeout => 504,
        }
    }

    /// The `error` field of the body; empty for success.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Ok => "",
            Self::InvalidRequest => "invalid_request",
            Self::OpenDataInvalid => "open_data_invalid",
            Self::PhoneCodeInvalid => "phone_code_invalid",
            Self::CodeInvalid => "code_invalid",
            Self::UserBlocked => "user_blocked",
            Self::SessionKeyStale => "session_key_stale",
            Self::PayloadTooLarge => "payload_too_large",
            Self::RateLimited => "rate_limited",
            Self::Misconfigured => "wechat_misconfigured",
            Self::BadAnswer => "wechat_bad_answer",
            Self::Unavailable => "wechat_unavailable",
            Self::Timeout => "wechat_timeout",
        }
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Success => "success",
            Self::Input => "input",
            Self::Risk => "risk",
            Self::Limit => "limit",
            Self::Busy => "busy",
            Self::Token => "token",
            Self::Configuration => "configuration",
        })
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EndUser => "end user",
            Self::FrontEnd => "front end",
            Self::Operator => "operator",
            Self::Nobody => "nobody",
        })
    }
}

impl fmt::Display for Retry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never => f.write_str("never"),
            Self::WithPauses => f.write_str("up to twice, with pauses"),
            Self::WithNewToken => f.write_str("once, with a new access_token"),
            Self::AfterSeconds(seconds) => write!(f, "not by itself; after {seconds} s"),
            Self::AfterOperator => f.write_str("once the operator has acted"),
        }
    }
}
