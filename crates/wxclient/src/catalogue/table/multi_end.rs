//! Errcodes of the multi-end apps' identity service (多端应用身份管理, code2verifyinfo).

use super::{WechatFailure, input, misconfigured};

entries! {
    10_001_000 "code 已过期(多端应用)" "the code has expired (multi-end apps)"
        => input(
            WechatFailure::CodeInvalid,
            "前端重新获取 code 并只发送一次",
            "get a new code and send it once",
        );
    10_001_001 "code 错误(多端应用)" "the code is wrong (multi-end apps)"
        => input(
            WechatFailure::CodeInvalid,
            "前端重新获取 code 并原样发送",
            "get a new code and send it unchanged",
        );
    10_001_002 "appid 错误(多端应用)" "wrong appid (multi-end apps)"
        => misconfigured(
            "核对多端应用的 appid,它与小程序的 appid 不同",
            "compare the appid of the multi-end app, which is not that of the mini program",
        );
    10_001_003 "secret 错误(多端应用)" "wrong secret (multi-end apps)"
        => misconfigured("核对多端应用的 secret", "compare the secret of the multi-end app");
    10_001_004 "grant_type 错误(多端应用)" "wrong grant_type (multi-end apps)"
        => misconfigured(
            "按该接口的文档填写 grant_type",
            "take the grant_type from the API's document",
        );
    10_001_005 "身份管理服务未开通(多端应用)" "the identity service is not switched on (multi-end apps)"
        => misconfigured(
            "在多端应用控制台开通身份管理服务",
            "switch the identity service on in the console of multi-end apps",
        );
}
