//! Failures without an errcode, and unknown errcodes.

use super::{Entry, Retry, Verdict, WechatFailure, away, entry, misconfigured};

/// An errcode that WeChat's documents do not know.
pub static UNKNOWN: Entry = entry(
    i64::MIN,
    "未知错误码",
    "an unknown errcode",
    Verdict {
        failure: Some(WechatFailure::BadAnswer),
        ..misconfigured(
            "用 errcode 与 rid 在微信文档中查找,或联系微信客服",
            "look the errcode up in WeChat's documents, or ask WeChat with the rid",
        )
    },
);

/// No connection came about; nothing was sent.
pub static NOT_CONNECTED: Verdict = Verdict {
    retry: Retry::Once,
    ..away(
        "检查服务到微信的网络、DNS、代理与证书",
        "check the network, DNS, proxy and certificates between the service and WeChat",
    )
};

/// Too many calls were waiting; nothing was sent.
pub static OVERLOADED: Verdict = Verdict {
    retry: Retry::AfterSeconds(1),
    ..away(
        "微信应答过慢或并发上限过低(wechat.max_concurrency)",
        "WeChat answers too slowly, or the limit of calls at once is too low (wechat.max_concurrency)",
    )
};

/// WeChat has been away; nothing was sent.
pub static BREAKER_OPEN: Verdict = away(
    "微信持续不可用,服务暂停调用片刻后自动恢复;检查到微信的网络",
    "WeChat has been failing, so the service pauses and tries again by itself; check the network to WeChat",
);

/// A request that cannot be made with the keys or tickets at hand; nothing was sent.
pub static NOT_MADE: Verdict = misconfigured(
    "按日志中的原因检查密钥或 ticket 的配置",
    "check the keys or the ticket that the log names",
);

/// No answer in time.
pub static TIMEOUT: Verdict = Verdict {
    retry: Retry::IfItOnlyReads,
    failure: Some(WechatFailure::Timeout),
    ..away(
        "code 可能已被消耗,前端需重新 wx.login;若频繁出现,检查到微信的网络",
        "the code may be spent, so the front end calls wx.login again; if it is frequent, check the network to WeChat",
    )
};

/// The connection broke before the whole answer was there.
pub static CUT_OFF: Verdict = Verdict {
    failure: Some(WechatFailure::BadAnswer),
    ..TIMEOUT
};

/// Not an answer of WeChat's: another HTTP status, not JSON, a field missing.
pub static MALFORMED: Verdict = Verdict {
    retry: Retry::IfItOnlyReads,
    failure: Some(WechatFailure::BadAnswer),
    ..away(
        "检查是否有代理或网关改写了微信的应答",
        "see whether a proxy or gateway on the way answers in WeChat's place",
    )
};
