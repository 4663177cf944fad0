//! The consequences of an error.

use std::fmt;
use std::time::Duration;

use domain::named_enum;
use domain::ports::WechatFailure;

/// A text in both languages of this project's readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text {
    pub zh: &'static str,
    pub en: &'static str,
}

/// What follows from an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub category: Category,
    pub actor: Actor,
    pub todo: Text,
    pub retry: Retry,
    /// What it means to the service; `None` where no failure of the service comes of it.
    pub failure: Option<WechatFailure>,
}

impl Verdict {
    /// Whether WeChat may have consumed the code that was sent, so that it is not sent again.
    pub const fn spends_code(&self) -> bool {
        use WechatFailure as F;
        !matches!(
            self.failure,
            Some(F::RateLimited | F::Misconfigured | F::Unavailable)
        )
    }
}

named_enum! {
    Category {
        /// No error.
        Success = "success",
        /// The user or the front end sent something that does not hold.
        Input = "input",
        /// WeChat distrusts the user.
        Risk = "risk",
        Limit = "limit",
        /// WeChat is busy or out of reach.
        Busy = "busy",
        /// The access_token; the service gets a new one.
        Token = "token",
        /// The service's settings, the app's console, or a bug.
        Configuration = "configuration",
    }
}

named_enum! {
    /// Who must act.
    Actor {
        /// The person at the phone.
        EndUser = "end user",
        /// The mini program's code.
        FrontEnd = "front end",
        /// The operator of the service or owner of the app's console.
        Operator = "operator",
        /// It passes, or the service handles it.
        None = "none",
    }
}

/// Whether and when the service asks WeChat again by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Never: the same call fails the same way.
    Never,
    /// At most twice more, with growing pauses.
    WithPauses,
    Once,
    /// At most twice more, with growing pauses, if the call only reads or asks for a token. A code
    /// or a change may have been taken, so such a call is not made again.
    IfItOnlyReads,
    /// Once, with a new access_token.
    WithNewToken,
    /// Not by itself; it may work after this many seconds.
    AfterSeconds(u32),
    /// Not by itself; it works once the operator has acted.
    AfterOperator,
}

impl Retry {
    /// When the caller may try again; `None` if waiting does not help.
    pub const fn after(self) -> Option<Duration> {
        match self {
            Self::WithPauses | Self::Once => Some(Duration::from_secs(5)),
            Self::AfterSeconds(seconds) => Some(Duration::from_secs(seconds as u64)),
            Self::Never | Self::IfItOnlyReads | Self::WithNewToken | Self::AfterOperator => None,
        }
    }
}

impl fmt::Display for Retry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never => f.write_str("never"),
            Self::WithPauses => f.write_str("up to twice, with pauses"),
            Self::Once => f.write_str("once; then not by itself; after 5 s"),
            Self::IfItOnlyReads => f.write_str("never with a code; else up to twice, with pauses"),
            Self::WithNewToken => f.write_str("once, with a new access_token"),
            Self::AfterSeconds(seconds) => write!(f, "not by itself; after {seconds} s"),
            Self::AfterOperator => f.write_str("once the operator has acted"),
        }
    }
}
