//! The table, by topic, and the words its rows are written in.

/// Writes a topic's entries: `code "含义" "meaning" => verdict, elsewhere deviations;`.
macro_rules! entries {
    ($($code:literal $zh:literal $en:literal => $verdict:expr $(, elsewhere $elsewhere:expr)?;)*) => {
        pub(super) static ENTRIES: &[$crate::catalogue::Entry] = &[$($crate::catalogue::Entry {
            $(elsewhere: $elsewhere,)?
            ..$crate::catalogue::table::entry($code, $zh, $en, $verdict)
        },)*];
    };
}

/// Writes a group of entries: `code "含义" "meaning" => verdict "处理" "what to do", elsewhere deviation;`,
/// where a verdict may have its texts already, and may differ in the fields behind `with`.
macro_rules! group {
    ($group:ident $title:literal $(
        $code:literal $zh:literal $en:literal
            => $verdict:ident $($todo_zh:literal $todo_en:literal)?
            $(with { $($field:ident: $value:expr),* })?
            $(, elsewhere $elsewhere:ident)?;
    )*) => {
        pub(super) const $group: Group = Group {
            title: $title,
            entries: &[$(Entry {
                $(elsewhere: &[$elsewhere],)?
                ..entry($code, $zh, $en, Verdict {
                    $($($field: $value,)*)?
                    ..$verdict $(($todo_zh, $todo_en))?
                })
            },)*],
        };
    };
}

mod app_secret;
mod code;
mod component;
mod multi_end;
mod payment;
mod platform;
mod session;
mod side;
mod signing;
mod token;
pub(super) mod transport;

use super::{Actor, Category, Deviation, Entry, Group, Retry, Text, Verdict, WechatFailure};
use crate::api::Api;

pub(super) static GROUPS: &[Group] = &[
    platform::PLATFORM,
    group(
        "Codes of wx.login, the phone button and plugins",
        code::ENTRIES,
    ),
    group(
        "The app, its AppSecret and its IP whitelist",
        app_secret::ENTRIES,
    ),
    group("The access_token", token::ENTRIES),
    group("session_key and the user's data", session::ENTRIES),
    platform::REQUEST,
    group(
        "API signing and encryption (服务端 API 签名与加密)",
        signing::ENTRIES,
    ),
    group("Third-party platforms (第三方平台)", component::ENTRIES),
    payment::SIGNATURES,
    payment::CASHIER,
    group("Multi-end apps (多端应用)", multi_end::ENTRIES),
    side::SIDE,
];

const fn group(title: &'static str, entries: &'static [Entry]) -> Group {
    Group { title, entries }
}

const fn entry(code: i64, zh: &'static str, en: &'static str, verdict: Verdict) -> Entry {
    Entry {
        code,
        meaning: Text { zh, en },
        verdict,
        elsewhere: &[],
    }
}

/// The operator must act.
const fn misconfigured(zh: &'static str, en: &'static str) -> Verdict {
    Verdict {
        category: Category::Configuration,
        actor: Actor::Operator,
        todo: Text { zh, en },
        retry: Retry::Never,
        failure: Some(WechatFailure::Misconfigured),
    }
}

/// A bug of this service or of the caller of the API: the request is not what WeChat expects.
const OUR_BUG: Verdict = misconfigured(
    "这是服务端的缺陷:请附上 errcode 与 rid 提交问题",
    "a bug in the service: report it with the errcode and the rid",
);

/// Something the front end sent does not hold.
const fn input(failure: WechatFailure, zh: &'static str, en: &'static str) -> Verdict {
    Verdict {
        category: Category::Input,
        actor: Actor::FrontEnd,
        todo: Text { zh, en },
        retry: Retry::Never,
        failure: Some(failure),
    }
}

/// WeChat distrusts the user.
const fn blocked(zh: &'static str, en: &'static str) -> Verdict {
    Verdict {
        category: Category::Risk,
        actor: Actor::EndUser,
        ..input(WechatFailure::UserBlocked, zh, en)
    }
}

/// Something to correct in front of the service, of which no failure of its own comes.
const fn front_end(zh: &'static str, en: &'static str) -> Verdict {
    Verdict {
        failure: None,
        ..input(WechatFailure::InvalidRequest, zh, en)
    }
}

/// Something for the operator to correct at WeChat, of which no failure of the service comes.
const fn console(zh: &'static str, en: &'static str) -> Verdict {
    Verdict {
        failure: None,
        ..misconfigured(zh, en)
    }
}

/// The same verdict, with another retry.
const fn retried(retry: Retry, verdict: Verdict) -> Verdict {
    Verdict { retry, ..verdict }
}

/// WeChat, or the way to it, does not work at the moment.
const fn away(zh: &'static str, en: &'static str) -> Verdict {
    Verdict {
        category: Category::Busy,
        actor: Actor::Operator,
        todo: Text { zh, en },
        retry: Retry::AfterSeconds(5),
        failure: Some(WechatFailure::Unavailable),
    }
}

/// What follows at the phone number's API from a code that does not hold.
const PHONE: Deviation = Deviation {
    apis: &[Api::GetPhoneNumber],
    verdict: input(
        WechatFailure::PhoneCodeInvalid,
        "请用户再次点击获取手机号按钮,发送新的 code",
        "let the user tap the phone number button again and send its new code",
    ),
};
