//! WeChat's error codes and the texts it sends with them.
//!
//! Codes: <https://developers.weixin.qq.com/doc/oplatform/developers/errCode/errCode.html>. The
//! texts are those seen in the wild; WeChat does not document them.

mod codes;

use std::borrow::Cow;
use std::net::IpAddr;

pub(crate) use self::codes::Errcode;

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

    /// Any code, with the text WeChat sends for it if the sandbox knows one.
    pub(crate) fn of_code(code: i64) -> Self {
        match Errcode::of_number(code) {
            Some(known) => known.into(),
            None => Self::new(code, "unknown error"),
        }
    }

    /// 40164 shows the address it saw.
    pub(crate) fn ip_not_in_whitelist(ip: IpAddr) -> Self {
        let v6 = match ip {
            IpAddr::V4(v4) => v4.to_ipv6_mapped(),
            IpAddr::V6(v6) => v6,
        };
        Self {
            code: 40164,
            text: format!("invalid ip {ip} ipv6 {v6}, not in whitelist").into(),
            tail: Tail::Comma,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ip_that_was_seen_is_shown_in_both_spellings() {
        let error = WxError::ip_not_in_whitelist("1.2.3.4".parse().unwrap());
        assert_eq!(
            error.errmsg("1-2-3", false),
            "invalid ip 1.2.3.4 ipv6 ::ffff:1.2.3.4, not in whitelist, rid: 1-2-3"
        );
    }

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
