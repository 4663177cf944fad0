//! Errcodes of signatures with the session_key: virtual payment (虚拟支付), game coins, store
//! payment; on the phone and on a server.

use super::{Verdict, WechatFailure, console, front_end, input};

entries! {
    -15005 "(前端)用户态签名 signature 错误" "phone: the user signature (signature) is wrong"
        => SIGN_AGAIN;
    -15006 "(前端)支付签名 paySig 错误" "phone: the pay signature (paySig) is wrong" => PAY_SIG;
    -15007 "(前端)session_key 已过期" "phone: the session_key has expired" => LOG_IN_AND_SIGN;
    268_490_003 "签名错误(虚拟支付)" "wrong signature (virtual payment)" => SIGN_AGAIN;
    268_490_009 "session_key 不存在或已过期(虚拟支付)"
        "the session_key is missing or has expired (virtual payment)"
        => LOG_IN_AND_SIGN;
    268_490_001 "openid 错误(虚拟支付)" "wrong openid (virtual payment)" => PARAMETER;
    268_490_002 "请求参数错误(虚拟支付)" "bad parameter (virtual payment)" => PARAMETER;
    268_490_004 "重复操作,之前已成功(虚拟支付)" "done before, and then with success (virtual payment)"
        => front_end(
            "按成功处理:同一单号之前已经成功",
            "take it for success: the same order number has succeeded before",
        );
    268_490_005 "订单已退款,不能再次退款(虚拟支付)" "the order has been refunded (virtual payment)"
        => front_end(
            "停止重试退款;用 /xpay/query_order 核对订单状态",
            "stop asking for the refund; look at the order with /xpay/query_order",
        );
    268_490_006 "代币余额不足(虚拟支付)" "too few coins (virtual payment)"
        => front_end(
            "提示用户充值,或减少金额",
            "let the user buy coins, or ask for fewer",
        );
    90010 "用户态签名错误(小游戏)" "wrong user signature (small games)" => SIGN_AGAIN;
    90011 "支付签名 pay_sig 错误(小游戏)" "wrong pay_sig (small games)" => PAY_SIG;
    90016 "session_key 已过期(小游戏)" "the session_key has expired (small games)"
        => LOG_IN_AND_SIGN;
    90018 "参数错误(小游戏)" "bad parameter (small games)"
        => PARAMETER;
}

// The team's payment backend is the front end of this service's signatures.

const SIGN_AGAIN: Verdict = front_end(
    "支付后端:用最新的 session_key(POST /auth/wechat-signature,checkSession 为 true)对原文逐字节重新签名,签名须为小写十六进制",
    "the payment backend signs the exact text again with the newest session_key (POST /auth/wechat-signature with checkSession); the hex must be lower case",
);

const PARAMETER: Verdict = front_end(
    "核对该接口的参数;签名的文本与发送的请求体必须逐字节相同",
    "check the parameters of the API; the text that was signed and the body that is sent must be the same bytes",
);

const PAY_SIG: Verdict = console(
    "支付后端:核对 AppKey 是否与 env(0 现网、1 沙箱)对应,并对 uri + \"&\" + 原文签名",
    "the payment backend uses the AppKey of the env (0 live, 1 sandbox) and signs uri + \"&\" + the exact text",
);

const LOG_IN_AND_SIGN: Verdict = input(
    WechatFailure::SessionKeyStale,
    "前端先 wx.login 并登录,支付后端再请求新的签名",
    "the phone calls wx.login and logs in, then the payment backend asks for a new signature",
);
