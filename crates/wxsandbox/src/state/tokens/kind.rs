//! Kinds of tokens, the parameters they are sent as, and what is wrong with one.

/// Where a token comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// `/cgi-bin/token`
    Plain,
    /// `/cgi-bin/stable_token`
    Stable,
    /// A third-party platform's, for an app that authorised it.
    Authorizer,
    /// The platform's link to a cloud container.
    Cloud,
    /// A third-party platform's own.
    Component,
}

/// The parameter a token is sent as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenParameter {
    /// `access_token`
    Access,
    /// `cloudbase_access_token`
    Cloudbase,
    /// `component_access_token`
    Component,
}

/// Why a token is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenRefused {
    /// It does not look like one.
    Malformed,
    /// Unknown, of another kind, or not the latest.
    NotLatest,
    /// Its time is over.
    Expired,
}

impl TokenKind {
    pub(super) const fn parameter(self) -> TokenParameter {
        match self {
            Self::Plain | Self::Stable | Self::Authorizer => TokenParameter::Access,
            Self::Cloud => TokenParameter::Cloudbase,
            Self::Component => TokenParameter::Component,
        }
    }
}

/// Digits, an underscore, and a long rest.
pub(super) fn looks_like_a_token(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    text.split_once('_').is_some_and(|(number, rest)| {
        let numbered =
            (1..=3).contains(&number.len()) && number.chars().all(|c| c.is_ascii_digit());
        numbered && (20..=512).contains(&rest.len()) && rest.chars().all(fits)
    })
}
