//! What each metric is called and means, in one table. `docs/metrics.md` is made of it.

pub(super) struct About {
    /// Without the suffix `_total`, which a counter gets when it is written.
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) labels: &'static [Label],
    pub(super) help: &'static str,
    pub(super) help_zh: &'static str,
}

pub(super) struct Label {
    pub(super) name: &'static str,
    pub(super) values: &'static str,
    pub(super) values_zh: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Counter,
    Gauge,
    Histogram,
}

impl About {
    pub(super) fn full_name(&self) -> String {
        match self.kind {
            Kind::Counter => format!("{}_total", self.name),
            Kind::Gauge | Kind::Histogram => self.name.to_owned(),
        }
    }

    /// The registry adds the full stop.
    pub(super) fn help_without_stop(&self) -> &'static str {
        self.help.trim_end_matches('.')
    }
}

macro_rules! metrics {
    ($($constant:ident: $kind:ident $name:literal [$($label:literal $values:literal $values_zh:literal),*] $help:literal $help_zh:literal;)*) => {
        $(pub(super) const $constant: About = About {
            name: $name,
            kind: Kind::$kind,
            labels: &[$(Label { name: $label, values: $values, values_zh: $values_zh }),*],
            help: $help,
            help_zh: $help_zh,
        };)*

        /// All of them, in the order of the page.
        pub(super) const ALL: &[&About] = &[$(&$constant),*];
    };
}

metrics! {
    HTTP_REQUESTS: Counter "http_requests"
        ["route" "a pattern of the OpenAPI document, or `none`" "OpenAPI 文档中的路径模式，或 `none`", "method" "`GET` … or `other`" "`GET` 等，或 `other`", "status" "the HTTP status" "HTTP 状态码"]
        "Requests answered." "已回答的请求数。";
    HTTP_DURATION: Histogram "http_request_duration_seconds" ["route" "as above" "同上"]
        "Time to answer a request, its body included." "回答一个请求的时间，含读取请求体。";
    LOGINS: Counter "logins" ["app" "the appid" "AppID", "outcome" "`ok`, or the `error` of the answer" "`ok`，或响应中的 `error`"]
        "Logins by their outcome, once the app is known." "按结果统计的登录次数（已确定是哪个小程序之后）。";
    SESSIONS_REFRESHED: Counter "sessions_refreshed" []
        "Refresh tokens taken." "被接受的刷新令牌数。";
    SESSIONS_REPLAYED: Counter "sessions_replayed" []
        "Sessions ended because a replaced refresh token was presented." "因出示已被替换的刷新令牌而结束的会话数。";
    SESSIONS_ENDED: Counter "sessions_ended" []
        "Sessions ended by their users, by logout or in the list of sessions." "用户自己结束的会话数：退出登录，或在会话列表里结束。";
    WECHAT_REQUESTS: Counter "wechat_requests"
        ["api" "the path" "接口路径", "outcome" "`ok`, an errcode of the catalogue, `other_errcode`, `timeout`, `not_connected`, `cut_off`, `status`, `malformed`, `overloaded`, `breaker_open` or `not_made`" "`ok`、错误码表中的 errcode、`other_errcode`、`timeout`、`not_connected`、`cut_off`、`status`、`malformed`、`overloaded`、`breaker_open` 或 `not_made`"]
        "Calls of WeChat's API, after their last try. A phone number that is `ok` costs money." "对微信接口的调用（以最后一次尝试为准）。取手机号成功一次就收费一次。";
    WECHAT_DURATION: Histogram "wechat_request_duration_seconds" ["api" "the path" "接口路径"]
        "Time of a call of WeChat's API, waiting and further tries included." "一次微信接口调用的时间，含等待和重试。";
    WECHAT_SUSPENDED: Gauge "wechat_breaker_open" ["api" "the path" "接口路径"]
        "1 while WeChat has been away and calls fail at once." "微信持续不可用、调用立即失败期间为 1。";
    DATABASE_SIZE: Gauge "database_connections_max" []
        "Connections that the pool may open, besides those of the writers." "连接池最多可开的连接数，不含写入线程的连接。";
    DATABASE_OPEN: Gauge "database_connections_open" []
        "Connections of the pool that are open." "连接池已打开的连接数。";
    DATABASE_IN_USE: Gauge "database_connections_in_use" []
        "Connections of the pool that are in use." "连接池正在使用的连接数。";
    DATABASE_WAITING: Gauge "database_calls_waiting" []
        "Calls that wait for a connection of the pool." "正在等待连接的调用数。";
    DATABASE_WAITED: Counter "database_wait_seconds" []
        "Time that calls have waited for a connection of the pool." "调用等待连接的累计时间。";
    DATABASE_TIMED_OUT: Counter "database_wait_timeouts" []
        "Calls that failed because no connection of the pool became free in time." "等不到连接而失败的调用数。";
    QUEUE_WAITING: Gauge "commit_queue_items" ["queue" "`visits` (logins), `token uses`, `signatories` (reads for signatures) or `audit entries`" "`visits`（登录）、`token uses`（令牌使用）、`signatories`（签名所需的读取）或 `audit entries`（审计记录）"]
        "Items that wait to be written, or are being written." "等待写入和正在写入的条目数。";
    QUEUE_BATCHES: Counter "commit_batches" ["queue" "as above" "同上"]
        "Batches written, each with one commit; those of `signatories` are only read." "写入的批次数，每批一次提交；`signatories` 的批次只读取。";
    QUEUE_ITEMS: Counter "commit_batch_items" ["queue" "as above" "同上"]
        "Items in those batches; divided by their number, the size of a batch." "这些批次中的条目数；除以批次数即平均批量。";
    PUSH_WAITING: Gauge "push_relay_waiting" []
        "Messages of WeChat's that wait to be passed on, of all replicas." "等待转发的微信消息数，所有副本合计。";
    PUSH_OLDEST: Gauge "push_relay_oldest_seconds" []
        "How long the oldest of them has waited." "其中最早一条已等待的时间。";
    PUSH_FAILURES: Counter "push_relay_failures" []
        "Attempts to pass a message on that failed." "转发失败的次数。";
    PHONE_NUMBERS: Gauge "wechat_phone_numbers_left" ["app" "the appid" "AppID", "spu" "`10000077` (quick) or `10000086` (verified)" "`10000077`（快速验证组件）或 `10000086`（实时验证组件）"]
        "Phone numbers that the app can still request from WeChat; read after a lookup, at most once an hour." "小程序还可向微信取得的手机号次数；查询手机号之后读取，最多每小时一次。";
    LOG_LINES_DROPPED: Counter "log_lines_dropped" []
        "Lines of the log that were dropped because standard error was not read." "因标准错误无人读取而丢弃的日志行数。";
    SANDBOX: Gauge "wxlogin_sandbox_mode" []
        "1 if a simulated WeChat stands in for WeChat; never in production." "由模拟微信代替微信时为 1；生产环境中不应出现。";
    BUILD_INFO: Gauge "wxlogin_build_info" ["version" "the version of the program" "程序版本"]
        "1; the program is named by the label." "恒为 1，程序版本在标签里。";
}
