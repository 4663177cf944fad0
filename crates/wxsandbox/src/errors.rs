//! WeChat's error codes and the texts it sends with them.
//!
//! Codes: <https://developers.weixin.qq.com/doc/oplatform/developers/errCode/errCode.html>. The
//! texts are those seen in the wild; WeChat does not document them.

use std::borrow::Cow;

/// An answer with an errcode other than 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WxError {
    pub(crate) code: i64,
    pub(crate) text: Cow<'static, str>,
    tail: Tail,
}

/// How the request id follows the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tail {
    /// `text, rid: …`
    Comma,
    /// `text rid: …`
    Space,
    /// Not at all.
    None,
    /// With a comma under `/sns/`, with a space elsewhere.
    ByPath,
}

impl WxError {
    pub(crate) fn new(code: i64, text: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            text: text.into(),
            tail: Tail::ByPath,
        }
    }

    /// `errmsg` as WeChat writes it.
    pub(crate) fn errmsg(&self, rid: &str, under_sns: bool) -> String {
        let text = &self.text;
        match (self.tail, under_sns) {
            (Tail::Comma, _) | (Tail::ByPath, true) => format!("{text}, rid: {rid}"),
            (Tail::Space, _) | (Tail::ByPath, false) => format!("{text} rid: {rid}"),
            (Tail::None, _) => text.clone().into_owned(),
        }
    }
}

impl From<Errcode> for WxError {
    fn from(code: Errcode) -> Self {
        let (text, tail) = code.text();
        Self {
            code: code as i64,
            text: Cow::Borrowed(text),
            tail,
        }
    }
}

/// The codes the sandbox itself answers with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i64)]
pub(crate) enum Errcode {
    SystemBusy = -1,
    InvalidGrantType = 40002,
    InvalidAppId = 40013,
    InvalidCode = 40029,
    InvalidUrl = 40066,
    InvalidAppSecret = 40125,
    CodeUsed = 40163,
    CodeBlocked = 40226,
    AppIdMissing = 41002,
    SecretMissing = 41004,
    CodeMissing = 41008,
    RequireGet = 43001,
    MinuteQuota = 45011,
    UserLimited = 50002,
}

impl Errcode {
    const fn text(self) -> (&'static str, Tail) {
        match self {
            Self::SystemBusy => ("system error", Tail::None),
            Self::InvalidGrantType => ("invalid grant_type", Tail::ByPath),
            Self::InvalidAppId => ("invalid appid", Tail::Space),
            Self::InvalidCode => ("invalid code", Tail::Comma),
            Self::InvalidUrl => ("invalid url", Tail::Space),
            Self::InvalidAppSecret => ("invalid appsecret", Tail::Comma),
            Self::CodeUsed => ("code been used", Tail::Comma),
            Self::CodeBlocked => ("code blocked", Tail::None),
            Self::AppIdMissing => ("appid missing", Tail::Comma),
            Self::SecretMissing => ("appsecret missing", Tail::ByPath),
            Self::CodeMissing => ("missing code", Tail::ByPath),
            Self::RequireGet => ("require GET method", Tail::ByPath),
            Self::MinuteQuota => (
                "api minute-quota reach limit, must slower, retry next minute",
                Tail::Comma,
            ),
            Self::UserLimited => ("user limited", Tail::Space),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rid_follows_with_a_comma_under_sns_and_with_a_space_elsewhere() {
        let error = WxError::from(Errcode::CodeMissing);
        assert_eq!(error.errmsg("1-2-3", true), "missing code, rid: 1-2-3");
        assert_eq!(error.errmsg("1-2-3", false), "missing code rid: 1-2-3");
        assert_eq!(
            WxError::from(Errcode::SystemBusy).errmsg("1-2-3", true),
            "system error"
        );
    }
}
