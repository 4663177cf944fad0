//! Failures without an errcode, and unknown errcodes.

use super::{Entry, Retry, WechatFailure, away, entry, misconfigured};

/// An errcode that WeChat's documents do not know.
pub static UNKNOWN: Entry = entry(i64::MIN, "未知错误码", "an unknown errcode", LOOK_IT_UP);

verdicts! {
    LOOK_IT_UP = misconfigured "用 errcode 与 rid 在微信文档中查找,或联系微信客服"
        "look the errcode up in WeChat's documents, or ask WeChat with the rid"
        with { failure: Some(WechatFailure::BadAnswer) };
    /// No connection came about; nothing was sent.
    pub NOT_CONNECTED = away "检查服务到微信的网络、DNS、代理与证书"
        "check the network, DNS, proxy and certificates between the service and WeChat"
        with { retry: Retry::Once };
    /// Too many calls were waiting; nothing was sent.
    pub OVERLOADED = away "微信应答过慢或并发上限过低(wechat.max_concurrency)"
        "WeChat answers too slowly, or the limit of calls at once is too low (wechat.max_concurrency)"
        with { retry: Retry::AfterSeconds(1) };
    /// WeChat has been away; nothing was sent.
    pub BREAKER_OPEN = away "微信持续不可用,服务暂停调用片刻后自动恢复;检查到微信的网络"
        "WeChat has been failing, so the service pauses and tries again by itself; check the network to WeChat";
    /// A request that cannot be made with the keys or tickets at hand; nothing was sent.
    pub NOT_MADE = misconfigured "按日志中的原因检查密钥或 ticket 的配置"
        "check the keys or the ticket that the log names";
    /// No answer in time.
    pub TIMEOUT = away "code 可能已被消耗,前端需重新 wx.login;若频繁出现,检查到微信的网络"
        "the code may be spent, so the front end calls wx.login again; if it is frequent, check the network to WeChat"
        with { retry: Retry::IfItOnlyReads, failure: Some(WechatFailure::Timeout) };
    /// The connection broke before the whole answer was there.
    pub CUT_OFF = TIMEOUT with { failure: Some(WechatFailure::BadAnswer) };
    /// Not an answer of WeChat's: another HTTP status, not JSON, a field missing.
    pub MALFORMED = away "检查是否有代理或网关改写了微信的应答"
        "see whether a proxy or gateway on the way answers in WeChat's place"
        with { retry: Retry::IfItOnlyReads, failure: Some(WechatFailure::BadAnswer) };
}
