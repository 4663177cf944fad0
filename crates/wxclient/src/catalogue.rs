//! The error catalogue: every errcode that WeChat's documents or its users report around a login,
//! as one table. Retries, error mapping, `wxlogin explain` and `docs/errors.md` derive from it.
//!
//! Sources: 全局返回码 <https://developers.weixin.qq.com/doc/oplatform/developers/errCode/errCode.html>
//! and the page of each API.

mod table;
mod verdict;

pub use domain::ports::WechatFailure;
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
    pub elsewhere: &'static [Deviation],
}

/// What an errcode means at some APIs, against its entry.
#[derive(Debug)]
pub struct Deviation {
    pub apis: &'static [Api],
    pub verdict: Verdict,
}

impl Entry {
    /// What follows from this errcode at `api`.
    #[must_use]
    pub fn at(&self, api: Api) -> &Verdict {
        self.elsewhere
            .iter()
            .find(|deviation| deviation.apis.contains(&api))
            .map_or(&self.verdict, |deviation| &deviation.verdict)
    }
}

/// A group of entries under one heading.
#[derive(Debug)]
pub struct Group {
    pub title: &'static str,
    pub entries: &'static [Entry],
}

/// The whole table, in the order of the documentation.
#[must_use]
pub fn groups() -> &'static [Group] {
    table::GROUPS
}

/// The entry of an errcode; [`UNKNOWN`] if WeChat's documents do not know it.
#[must_use]
pub fn lookup(code: i64) -> &'static Entry {
    find(code).unwrap_or(&UNKNOWN)
}

#[must_use]
pub fn find(code: i64) -> Option<&'static Entry> {
    table::GROUPS
        .iter()
        .flat_map(|group| group.entries)
        .find(|entry| entry.code == code)
}

pub use table::{
    BREAKER_OPEN, CUT_OFF, MALFORMED, NOT_CONNECTED, NOT_MADE, OVERLOADED, TIMEOUT, UNKNOWN,
};

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use rstest::rstest;

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

    #[rstest]
    #[case(40029, Api::Code2Session, WechatFailure::CodeInvalid)]
    #[case(40163, Api::Code2Session, WechatFailure::CodeUsed)]
    #[case(40029, Api::ComponentCode2Session, WechatFailure::CodeInvalid)]
    #[case(40163, Api::ComponentCode2Session, WechatFailure::CodeUsed)]
    #[case(40029, Api::GetPhoneNumber, WechatFailure::PhoneCodeInvalid)]
    #[case(40163, Api::GetPhoneNumber, WechatFailure::PhoneCodeInvalid)]
    fn a_bad_code_is_another_failure_for_a_phone(
        #[case] code: i64,
        #[case] api: Api,
        #[case] failure: WechatFailure,
    ) {
        assert_eq!(lookup(code).at(api).failure, Some(failure));
    }

    #[test]
    fn a_foreign_app_is_our_fault_but_for_a_phone_code() {
        let entry = lookup(40013);
        assert_eq!(
            entry.at(Api::Code2Session).failure,
            Some(WechatFailure::Misconfigured)
        );
        assert_eq!(
            entry.at(Api::GetPhoneNumber).failure,
            Some(WechatFailure::PhoneCodeInvalid)
        );
    }

    #[test]
    fn a_bad_credential_is_a_bad_secret_where_no_token_is_sent() {
        let entry = lookup(40001);
        assert_eq!(entry.at(Api::GetPhoneNumber).retry, Retry::WithNewToken);
        for api in [Api::Code2Session, Api::StableToken, Api::Token] {
            assert_eq!(
                entry.at(api).failure,
                Some(WechatFailure::Misconfigured),
                "{api}"
            );
            assert_eq!(entry.at(api).retry, Retry::Never, "{api}");
        }
    }

    #[test]
    fn an_unknown_code_is_a_bad_answer() {
        assert_eq!(
            lookup(99999).verdict.failure,
            Some(WechatFailure::BadAnswer)
        );
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
