//! Errors between this service and WeChat, and who must act.

mod refusal;

use std::fmt;
use std::time::Duration;

pub use refusal::Refusal;

use crate::api::Api;
use crate::catalogue::{self, Retry, Verdict, WechatFailure};

/// `Result` with [`WechatError`] as the error.
pub type Result<T, E = WechatError> = std::result::Result<T, E>;

/// A call that failed. Its texts are for the operator's log: they name the API, the errcode, the
/// rid and what to do, and never the URL, a secret, a code, a token or WeChat's errmsg.
#[derive(Debug)]
pub struct WechatError {
    pub api: Api,
    pub fault: Fault,
}

impl WechatError {
    pub(crate) const fn new(api: Api, fault: Fault) -> Self {
        Self { api, fault }
    }

    /// WeChat's errcode, if it gave one.
    pub const fn errcode(&self) -> Option<i64> {
        match &self.fault {
            Fault::Refused(refusal) => Some(refusal.code),
            _ => None,
        }
    }

    /// Whether WeChat refused the AppSecret: 40125, and 40001 where the secret is the credential.
    pub(crate) fn is_of_the_secret(&self) -> bool {
        match self.errcode() {
            Some(40125) => true,
            Some(40001) => matches!(self.api, Api::StableToken | Api::Token),
            _ => false,
        }
    }

    /// What the catalogue says about this error at this API.
    pub fn verdict(&self) -> &'static Verdict {
        self.fault.verdict(self.api)
    }

    pub fn failure(&self) -> WechatFailure {
        let failure = self.verdict().failure;
        failure.unwrap_or(WechatFailure::BadAnswer)
    }

    /// When to try again, if that helps.
    pub fn retry_after(&self) -> Option<Duration> {
        match self.fault {
            Fault::BreakerOpen { retry_after } => Some(retry_after),
            _ => self.verdict().retry.after(),
        }
    }
}

impl fmt::Display for WechatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Verdict { actor, todo, .. } = self.verdict();
        write!(f, "{}: {}; {actor}: {}", self.api, self.fault, todo.en)
    }
}

impl std::error::Error for WechatError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&self.fault)
    }
}

/// What went wrong, by what is known about the request.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("{0}")]
    Refused(Refusal),
    /// No connection came about: nothing was sent.
    #[error("no connection to WeChat")]
    NotConnected(#[source] reqwest::Error),
    /// The call's turn did not come in time: nothing was sent.
    #[error("too many calls to WeChat at once, or too slow ones: no turn in time")]
    Overloaded,
    /// WeChat has been away, so it was not asked: nothing was sent.
    #[error("WeChat has been away and is not asked for a while")]
    BreakerOpen { retry_after: Duration },
    /// The request could not be made with what was at hand (keys, a ticket): nothing was sent.
    #[error("the request cannot be made: {0}")]
    NotMade(&'static str),
    /// No answer in time. WeChat may have acted.
    #[error("no answer in time")]
    Timeout,
    /// The connection broke after the request may have been sent. WeChat may have acted.
    #[error("the connection broke before the whole answer was there")]
    CutOff(#[source] reqwest::Error),
    /// An HTTP status other than 200, redirects included. Not WeChat's way of answering.
    #[error("HTTP status {0} instead of 200")]
    Status(u16),
    /// An answer that is not what WeChat's documents describe.
    #[error("the answer makes no sense: {0}")]
    Malformed(&'static str),
}

impl Fault {
    /// An error while connecting or sending. The URL, which holds the secret, is taken out.
    pub(crate) fn of_sending(error: reqwest::Error) -> Self {
        let error = error.without_url();
        if error.is_connect() || error.is_builder() {
            Self::NotConnected(error)
        } else {
            Self::CutOff(error)
        }
    }

    pub(crate) fn of_reading(error: reqwest::Error) -> Self {
        Self::CutOff(error.without_url())
    }

    /// What the catalogue says about this fault at `api`.
    pub(crate) fn verdict(&self, api: Api) -> &'static Verdict {
        match self {
            Self::Refused(refusal) => catalogue::lookup(refusal.code).at(api),
            Self::NotConnected(_) => &catalogue::NOT_CONNECTED,
            Self::Overloaded => &catalogue::OVERLOADED,
            Self::BreakerOpen { .. } => &catalogue::BREAKER_OPEN,
            Self::NotMade(_) => &catalogue::NOT_MADE,
            Self::Timeout => &catalogue::TIMEOUT,
            Self::CutOff(_) => &catalogue::CUT_OFF,
            Self::Status(_) | Self::Malformed(_) => &catalogue::MALFORMED,
        }
    }

    /// Whether WeChat is busy or out of reach; `None` if the fault does not say.
    pub(crate) fn is_away(&self, api: Api) -> Option<bool> {
        match self {
            Self::Refused(_) => Some(self.verdict(api).retry == Retry::WithPauses),
            Self::NotConnected(_)
            | Self::Timeout
            | Self::CutOff(_)
            | Self::Status(_)
            | Self::Malformed(_) => Some(true),
            Self::Overloaded | Self::BreakerOpen { .. } | Self::NotMade(_) => None,
        }
    }

    /// The kind of fault, as a label for metrics.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Refused(_) => "refused",
            Self::NotConnected(_) => "not_connected",
            Self::Overloaded => "overloaded",
            Self::BreakerOpen { .. } => "breaker_open",
            Self::NotMade(_) => "not_made",
            Self::Timeout => "timeout",
            Self::CutOff(_) => "cut_off",
            Self::Status(_) => "status",
            Self::Malformed(_) => "malformed",
        }
    }
}
