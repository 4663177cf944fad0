//! The table of all errors of this service.

use actix_web::http::StatusCode;
use domain::ports::WechatFailure;
use wxclient::catalogue::Actor;

/// What one error means.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// The id in `error`.
    pub id: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// The sentence in `msg`.
    pub msg: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// Who must act.
    pub actor: Actor,
    /// What they do.
    pub action: &'static str,
}

/// Declares the codes and their entries together, so that neither can be without the other.
macro_rules! error_codes {
    ($($(#[$doc:meta])* $code:ident: $status:literal $id:literal $msg:literal
        $meaning:literal, $actor:ident: $action:literal;)*) => {
        /// An error this service answers with.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ErrorCode {
            $(#[doc = $meaning] $code,)*
        }

        impl ErrorCode {
            /// All of them, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$code,)*];

            /// What this one means.
            pub const fn entry(self) -> Entry {
                match self {
                    $(Self::$code => Entry {
                        id: $id,
                        status: $status,
                        msg: $msg,
                        meaning: $meaning,
                        actor: Actor::$actor,
                        action: $action,
                    },)*
                }
            }
        }
    };
}

error_codes! {
    InvalidRequest: 400 "invalid_request" "请求参数错误"
        "The request is not JSON, or a field is missing, of the wrong type, too long or not base64; msg names it.",
        FrontEnd: "Correct the field that msg names.";
    UnknownApp: 400 "unknown_app" "未知的小程序"
        "The appId in the body, or in the Referer that WeChat sets, is not configured here.",
        Operator: "Add the app to `apps`, or let the front end send a configured appId.";
    OpenDataInvalid: 400 "open_data_invalid" "用户数据校验失败"
        "encryptedData does not open, or is of another app or user, or too old; or the signature is wrong.",
        FrontEnd: "Call wx.login before the button, and send code, encryptedData and iv of the same login, unchanged.";
    PhoneCodeInvalid: 400 "phone_code_invalid" "手机号凭证无效，请重新获取"
        "The code of getPhoneNumber is wrong, expired, used, or another person's.",
        EndUser: "Press the button again.";
    CodeInvalid: 401 "code_invalid" "登录凭证已失效，请重新登录"
        "The login code is wrong, expired, used, or of another app.",
        FrontEnd: "Call wx.login again, once, and send the new code.";
    TokenMissing: 401 "token_missing" "请先登录"
        "There is no `Authorization: Bearer` header.",
        FrontEnd: "Log in and send the token.";
    TokenInvalid: 401 "token_invalid" "登录状态无效，请重新登录"
        "The token is not one of this service's.",
        FrontEnd: "Log in again.";
    TokenExpired: 401 "token_expired" "登录状态已过期"
        "The token's time is over.",
        FrontEnd: "Refresh it, or log in again.";
    SessionRevoked: 401 "session_revoked" "登录状态已失效，请重新登录"
        "The session was ended, or its user was disabled or deleted.",
        FrontEnd: "Log in again.";
    RefreshInvalid: 401 "refresh_invalid" "登录状态无效，请重新登录"
        "The refresh token is not one of this service's, or too old.",
        FrontEnd: "Log in again.";
    RefreshReused: 401 "refresh_reused" "登录状态已失效，请重新登录"
        "The refresh token had been replaced and its successor used: somebody has a copy, so the session was ended.",
        FrontEnd: "Log in again; keep only the newest refresh token.";
    UserBlocked: 403 "user_blocked" "该微信账号被限制登录"
        "WeChat blocks this user: high risk, frozen or closed account.",
        EndUser: "Settle it with WeChat.";
    UserDisabled: 403 "user_disabled" "账号已被停用"
        "The operator has shut this user out.",
        Operator: "Enable the user again, if that is right.";
    Forbidden: 403 "forbidden" "没有权限"
        "The API key lacks the scope, or the signature of a pushed message does not hold.",
        Operator: "Give the key the scope, or compare push_token with the Token in WeChat's console.";
    NotFound: 404 "not_found" "接口或资源不存在"
        "There is nothing at this path.",
        FrontEnd: "Check the path.";
    MethodNotAllowed: 405 "method_not_allowed" "请求方法不支持"
        "This path does not know this method; `Allow` lists those it knows.",
        FrontEnd: "Use one of the methods in `Allow`.";
    Conflict: 409 "conflict" "操作与现有数据冲突"
        "The operator's request contradicts what is stored; msg says what to do first.",
        Operator: "Do what msg says, then repeat the request.";
    SessionKeyStale: 409 "session_key_stale" "会话密钥已过期，请重新登录后再试"
        "None of the user's kept session_keys opens the data.",
        FrontEnd: "Call wx.login and log in first, then let the user press the button again.";
    PayloadTooLarge: 413 "payload_too_large" "请求体过大"
        "The body is longer than server.max_body_bytes.",
        FrontEnd: "Send less.";
    UnsupportedMediaType: 415 "unsupported_media_type" "请求体必须是 JSON"
        "The Content-Type is not JSON, or the body is compressed.",
        FrontEnd: "Send `Content-Type: application/json`, uncompressed.";
    RateLimited: 429 "rate_limited" "操作过于频繁，请稍后再试"
        "Too many logins or wrong API keys from this address, phone numbers of this user today or signatures by this key, or WeChat limits this user.",
        FrontEnd: "Wait for Retry-After seconds.";
    HeadersTooLarge: 431 "headers_too_large" "请求头过大"
        "The headers are longer than 32 KiB.",
        FrontEnd: "Send fewer or shorter headers; a cookie is not needed here.";
    WechatMisconfigured: 500 "wechat_misconfigured" "服务配置有误，请联系管理员"
        "WeChat refuses this service's appid, secret or IP address; the log says which.",
        Operator: "Correct appid and secret, or add the server's IP to the whitelist in WeChat's console.";
    Internal: 500 "internal" "服务内部错误"
        "A bug in this service; the log has the cause under the requestId.",
        Operator: "Report it with the log line.";
    WechatBadAnswer: 502 "wechat_bad_answer" "微信服务返回异常"
        "WeChat's answer is not one its documents know, or was cut off.",
        FrontEnd: "Call wx.login again and send the new code.";
    WechatUnavailable: 503 "wechat_unavailable" "微信服务暂不可用，请稍后再试"
        "WeChat is busy or cannot be reached, or today's quota is used up.",
        None: "Wait for Retry-After seconds.";
    StorageUnavailable: 503 "storage_unavailable" "服务暂不可用，请稍后再试"
        "The database or the store of avatars does not answer, or the master key does not open what is stored.",
        Operator: "Bring the database or the store of avatars back, or give the service its master key; /health/ready and the log say which.";
    Overloaded: 503 "overloaded" "服务繁忙，请稍后再试"
        "More requests are under way than limits.max_inflight, or more bodies of this address than 64.",
        None: "Wait for Retry-After seconds.";
    WechatTimeout: 504 "wechat_timeout" "微信服务响应超时"
        "WeChat did not answer within wechat.timeout_ms.",
        FrontEnd: "Call wx.login again and send the new code.";
}

impl ErrorCode {
    /// The HTTP status.
    pub fn status(self) -> StatusCode {
        StatusCode::from_u16(self.entry().status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The error with this id.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.entry().id == id)
    }
}

/// What the service answers when a call to WeChat fails.
impl From<WechatFailure> for ErrorCode {
    fn from(failure: WechatFailure) -> Self {
        match failure {
            WechatFailure::CodeInvalid | WechatFailure::CodeUsed => Self::CodeInvalid,
            WechatFailure::PhoneCodeInvalid => Self::PhoneCodeInvalid,
            WechatFailure::UserBlocked => Self::UserBlocked,
            WechatFailure::SessionKeyStale => Self::SessionKeyStale,
            WechatFailure::InvalidRequest => Self::InvalidRequest,
            WechatFailure::OpenDataInvalid => Self::OpenDataInvalid,
            WechatFailure::TooLong => Self::PayloadTooLarge,
            WechatFailure::RateLimited => Self::RateLimited,
            WechatFailure::Misconfigured => Self::WechatMisconfigured,
            WechatFailure::BadAnswer => Self::WechatBadAnswer,
            WechatFailure::Timeout => Self::WechatTimeout,
            WechatFailure::Unavailable => Self::WechatUnavailable,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_id_is_there_once_and_found_again() {
        let ids: HashSet<&str> = ErrorCode::ALL.iter().map(|code| code.entry().id).collect();
        assert_eq!(ids.len(), ErrorCode::ALL.len());
        for code in ErrorCode::ALL {
            assert_eq!(ErrorCode::from_id(code.entry().id), Some(*code));
        }
    }

    #[test]
    fn every_status_is_an_error() {
        for code in ErrorCode::ALL {
            assert!(
                code.status().is_client_error() || code.status().is_server_error(),
                "{code:?}"
            );
        }
    }
}
