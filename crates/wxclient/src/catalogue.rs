//! The error catalogue: every errcode that WeChat's documents or its users report around a login,
//! as one table. Retries, error mapping, `wxlogin explain` and `docs/errors.md` derive from it.
//!
//! Sources: 全局返回码 <https://developers.weixin.qq.com/doc/oplatform/developers/errCode/errCode.html>
//! and the page of each API.

mod table;
mod verdict;

pub use domain::ports::WechatFailure;
pub use table::transport::*;
pub use verdict::{Actor, Category, Retry, Text, Verdict};

use crate::api::Api;

/// The caller's address is not in the app's IP whitelist.
pub(crate) const IP_NOT_LISTED: i64 = 40164;

#[derive(Debug)]
pub struct Entry {
    pub code: i64,
    pub meaning: Text,
    /// What follows from it.
    pub verdict: Verdict,
    /// Where something else follows from it.
    pub elsewhere: Option<Deviation>,
}

/// What an errcode means at some APIs, against its entry.
#[derive(Debug)]
pub struct Deviation {
    pub apis: &'static [Api],
    pub verdict: Verdict,
}

impl Entry {
    /// What follows from this errcode at `api`.
    pub fn at(&self, api: Api) -> &Verdict {
        match &self.elsewhere {
            Some(deviation) if deviation.apis.contains(&api) => &deviation.verdict,
            _ => &self.verdict,
        }
    }
}

/// A group of entries under one heading.
#[derive(Debug)]
pub struct Group {
    pub title: &'static str,
    pub entries: &'static [Entry],
}

/// The whole table, in the order of the documentation.
pub fn groups() -> &'static [Group] {
    table::GROUPS
}

/// The entry of an errcode; [`UNKNOWN`] if WeChat's documents do not know it.
pub fn lookup(code: i64) -> &'static Entry {
    find(code).unwrap_or(&UNKNOWN)
}

pub fn find(code: i64) -> Option<&'static Entry> {
    let mut entries = groups().iter().flat_map(|group| group.entries);
    entries.find(|entry| entry.code == code)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_code_stands_once() {
        let mut seen = HashSet::new();
        for entry in groups().iter().flat_map(|group| group.entries) {
            assert!(seen.insert(entry.code), "{} stands twice", entry.code);
        }
    }

    /// What was not sent, or what WeChat refuses before it looks at a code.
    #[test]
    fn a_code_is_spent_unless_wechat_certainly_did_not_take_it() {
        for code in [-1, 45009, 45011, 40013, 40125, 40164] {
            assert!(!lookup(code).verdict.spends_code(), "{code}");
        }
        for verdict in [&NOT_CONNECTED, &OVERLOADED, &BREAKER_OPEN, &NOT_MADE] {
            assert!(!verdict.spends_code(), "{verdict:?}");
        }
        for code in [40029, 40163, 40226, 50002, 99999] {
            assert!(lookup(code).verdict.spends_code(), "{code}");
        }
        for verdict in [&TIMEOUT, &CUT_OFF, &MALFORMED] {
            assert!(verdict.spends_code(), "{verdict:?}");
        }
    }

    #[test]
    fn an_errcode_means_what_it_means_at_its_api() {
        use Api::{Code2Session, ComponentCode2Session, GetPhoneNumber, StableToken, Token};
        use Retry::{Never, WithNewToken};
        use WechatFailure as F;

        let login: &[Api] = &[Code2Session, ComponentCode2Session];
        let with_secret: &[Api] = &[Code2Session, StableToken, Token];
        for (code, apis, failure, retry) in [
            (40029, login, F::CodeInvalid, Never),
            (40163, login, F::CodeUsed, Never),
            (40029, &[GetPhoneNumber], F::PhoneCodeInvalid, Never),
            (40163, &[GetPhoneNumber], F::PhoneCodeInvalid, Never),
            (40013, &[GetPhoneNumber], F::PhoneCodeInvalid, Never),
            (40013, &[Code2Session], F::Misconfigured, Never),
            (40001, &[GetPhoneNumber], F::BadAnswer, WithNewToken),
            (40001, with_secret, F::Misconfigured, Never),
            (99999, &[Code2Session], F::BadAnswer, Never),
        ] {
            for api in apis {
                let verdict = lookup(code).at(*api);
                let told = (verdict.failure, verdict.retry);
                assert_eq!(told, (Some(failure), retry), "{code} at {api}");
            }
        }
        assert!(find(99999).is_none());
    }

    #[test]
    fn a_configuration_error_calls_the_operator() {
        for entry in groups().iter().flat_map(|group| group.entries) {
            if entry.verdict.category == Category::Configuration {
                assert_eq!(entry.verdict.actor, Actor::Operator, "{}", entry.code);
            }
        }
    }
}
