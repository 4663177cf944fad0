//! The table, by topic, and the words its rows are written in.

/// Writes a group of entries: `code "含义" "meaning" => verdict "处理" "what to do", elsewhere deviation;`,
/// where a verdict may have its texts already, and may differ in the fields behind `with`.
macro_rules! group {
    ($group:ident $title:literal $(
        $code:literal $zh:literal $en:literal
            => $verdict:ident $($todo_zh:literal $todo_en:literal)?
            $(with { $($field:ident: $value:expr),* })?
            $(, elsewhere $elsewhere:ident)?;
    )*) => {
        pub(super) const $group: super::Group = super::Group {
            title: $title,
            entries: &[$(super::Entry {
                $(elsewhere: Some($elsewhere),)?
                ..super::entry($code, $zh, $en, super::Verdict {
                    $($($field: $value,)*)?
                    ..$verdict $(($todo_zh, $todo_en))?
                })
            },)*],
        };
    };
}

/// Writes the verdicts that several rows have, as a row writes its own:
/// `NAME = verdict "处理" "what to do" with { … };`.
macro_rules! verdicts {
    ($(
        $(#[$doc:meta])*
        $vis:vis $name:ident = $verdict:ident $($zh:literal $en:literal)?
            $(with { $($field:ident: $value:expr),* })?;
    )*) => {
        $($(#[$doc])* $vis const $name: super::Verdict = super::Verdict {
            $($($field: $value,)*)?
            ..$verdict $(($zh, $en))?
        };)*
    };
}

mod credentials;
mod payment;
mod platform;
mod side;
pub(super) mod transport;
mod user;

use super::{Actor, Category, Deviation, Entry, Group, Retry, Text, Verdict, WechatFailure};
use crate::api::Api;

pub(super) static GROUPS: &[Group] = &[
    platform::PLATFORM,
    user::CODES,
    credentials::APP,
    credentials::TOKEN,
    user::SESSION,
    platform::REQUEST,
    credentials::SIGNING,
    credentials::COMPONENT,
    payment::SIGNATURES,
    payment::CASHIER,
    user::MULTI_END,
    side::SIDE,
];

const fn entry(code: i64, zh: &'static str, en: &'static str, verdict: Verdict) -> Entry {
    Entry {
        code,
        meaning: Text { zh, en },
        verdict,
        elsewhere: None,
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

/// Something to correct in front of the service. No failure of the service comes of it, unless the row
/// names one: then the front end has sent something that does not hold.
const fn front_end(zh: &'static str, en: &'static str) -> Verdict {
    Verdict {
        category: Category::Input,
        actor: Actor::FrontEnd,
        todo: Text { zh, en },
        retry: Retry::Never,
        failure: None,
    }
}

/// WeChat distrusts the user.
const fn blocked(zh: &'static str, en: &'static str) -> Verdict {
    Verdict {
        category: Category::Risk,
        actor: Actor::EndUser,
        failure: Some(WechatFailure::UserBlocked),
        ..front_end(zh, en)
    }
}

/// Something for the operator to correct at WeChat, of which no failure of the service comes.
const fn console(zh: &'static str, en: &'static str) -> Verdict {
    Verdict {
        failure: None,
        ..misconfigured(zh, en)
    }
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
    verdict: PHONE_AGAIN,
};

verdicts! {
    /// A bug of this service or of the caller of the API: the request is not what WeChat expects.
    OUR_BUG = misconfigured "这是服务端的缺陷:请附上 errcode 与 rid 提交问题"
        "a bug in the service: report it with the errcode and the rid";
    PHONE_AGAIN = front_end "请用户再次点击获取手机号按钮,发送新的 code"
        "let the user tap the phone number button again and send its new code"
        with { failure: Some(WechatFailure::PhoneCodeInvalid) };
}
