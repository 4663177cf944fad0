//! Errcodes of payments, on the phone and on a server.

use super::{Actor, Category, WechatFailure, console, front_end};

group! {
    SIGNATURES "Payment: signatures with the session_key (虚拟支付、小游戏、门店支付)"
    -15005 "(前端)用户态签名 signature 错误" "phone: the user signature (signature) is wrong"
        => SIGN_AGAIN;
    -15006 "(前端)支付签名 paySig 错误" "phone: the pay signature (paySig) is wrong" => PAY_SIG;
    -15007 "(前端)session_key 已过期" "phone: the session_key has expired" => LOG_IN_AND_SIGN;
    268_490_003 "签名错误(虚拟支付)" "wrong signature (virtual payment)" => SIGN_AGAIN;
    268_490_009 "session_key 不存在或已过期(虚拟支付)"
        "the session_key is missing or has expired (virtual payment)" => LOG_IN_AND_SIGN;
    268_490_001 "openid 错误(虚拟支付)" "wrong openid (virtual payment)" => PARAMETER;
    268_490_002 "请求参数错误(虚拟支付)" "bad parameter (virtual payment)" => PARAMETER;
    268_490_004 "重复操作,之前已成功(虚拟支付)" "done before, and then with success (virtual payment)"
        => front_end "按成功处理:同一单号之前已经成功"
            "take it for success: the same order number has succeeded before";
    268_490_005 "订单已退款,不能再次退款(虚拟支付)" "the order has been refunded (virtual payment)"
        => front_end "停止重试退款;用 /xpay/query_order 核对订单状态"
            "stop asking for the refund; look at the order with /xpay/query_order";
    268_490_006 "代币余额不足(虚拟支付)" "too few coins (virtual payment)"
        => front_end "提示用户充值,或减少金额" "let the user buy coins, or ask for fewer";
    90010 "用户态签名错误(小游戏)" "wrong user signature (small games)" => SIGN_AGAIN;
    90011 "支付签名 pay_sig 错误(小游戏)" "wrong pay_sig (small games)" => PAY_SIG;
    90016 "session_key 已过期(小游戏)" "the session_key has expired (small games)"
        => LOG_IN_AND_SIGN;
    90018 "参数错误(小游戏)" "bad parameter (small games)" => PARAMETER;
}

// The team's payment backend is the front end of this service's signatures.
verdicts! {
    SIGN_AGAIN = front_end "支付后端:用最新的 session_key(POST /auth/wechat-signature,checkSession 为 true)对原文逐字节重新签名,签名须为小写十六进制"
        "the payment backend signs the exact text again with the newest session_key (POST /auth/wechat-signature with checkSession); the hex must be lower case";
    PARAMETER = front_end "核对该接口的参数;签名的文本与发送的请求体必须逐字节相同"
        "check the parameters of the API; the text that was signed and the body that is sent must be the same bytes";
    PAY_SIG = console "支付后端:核对 AppKey 是否与 env(0 现网、1 沙箱)对应,并对 uri + \"&\" + 原文签名"
        "the payment backend uses the AppKey of the env (0 live, 1 sandbox) and signs uri + \"&\" + the exact text";
    LOG_IN_AND_SIGN = front_end "前端先 wx.login 并登录,支付后端再请求新的签名"
        "the phone calls wx.login and logs in, then the payment backend asks for a new signature"
        with { failure: Some(WechatFailure::SessionKeyStale) };
}

// <https://developers.weixin.qq.com/miniprogram/dev/api/payment/wx.requestVirtualPayment.html>
group! {
    CASHIER "wx.requestVirtualPayment (虚拟支付)"
    -15001 "(前端)虚拟支付参数错误,原因见 errMsg" "phone: a parameter of the payment is wrong, errMsg says which"
        => ORDER;
    -15002 "(前端)outTradeNo 已使用过" "phone: the outTradeNo has been used" => NEW_ORDER;
    -15003 "(前端)虚拟支付系统错误" "phone: the payment system failed" => LATER;
    -15004 "(前端)currencyType 错误" "phone: the currencyType is wrong" => ORDER;
    -15008 "(前端)二级商户进件未完成" "phone: the merchant has not been admitted yet" => CONSOLE;
    -15009 "(前端)代币未发布" "phone: the coin is not published" => PUBLISH;
    -15010 "(前端)道具 productId 未发布" "phone: the productId is not published" => PUBLISH;
    -15011 "(前端)现网版本不能使用沙箱(env 须为 0)" "phone: the released version may not use the sandbox (env must be 0)"
        => ORDER;
    -15012 "(前端)下单失败,订单已关闭" "phone: the order failed and is closed" => NEW_ORDER;
    -15013 "(前端)goodsPrice 与道具价格不一致" "phone: the goodsPrice is not the product's" => ORDER;
    -15014 "(前端)道具或代币的发布尚未生效" "phone: the product or coin was published a moment ago" => LATER;
    -15015 "(前端)虚拟支付失败,原因见 errMsg" "phone: the payment failed, errMsg says why" => ORDER;
    -15016 "(前端)signData 格式错误" "phone: signData is malformed" => ORDER;
    -15017 "(前端)商户收款功能受限" "phone: the merchant may not receive money" => CONSOLE;
    -15018 "(前端)道具审核未通过" "phone: the product did not pass the review" => PUBLISH;
    -15019 "(前端)商户受限" "phone: the merchant is restricted" => CONSOLE;
    -15020 "(前端)操作过快" "phone: the user taps too fast" => LATER;
    -15021 "(前端)小程序交易被限频" "phone: the mini program sells too often" => LATER;
    -15022 "(前端)虚拟支付失败,原因见 errMsg" "phone: the payment failed, errMsg says why" => ORDER;
    -15023 "(前端)虚拟支付失败,原因见 errMsg" "phone: the payment failed, errMsg says why" => ORDER;
    -15024 "(前端)虚拟支付失败,原因见 errMsg" "phone: the payment failed, errMsg says why" => ORDER;
    -15025 "(前端)虚拟支付失败,原因见 errMsg" "phone: the payment failed, errMsg says why" => ORDER;
    -15026 "(前端)虚拟支付失败,原因见 errMsg" "phone: the payment failed, errMsg says why" => ORDER;
    -15027 "(前端)虚拟支付失败,原因见 errMsg" "phone: the payment failed, errMsg says why" => ORDER;
}

// The phone shows a code of its own, so nothing follows for the service.
verdicts! {
    ORDER = front_end "支付后端:按 errMsg 修正 signData 或 mode,换新的 outTradeNo 重新下单并签名"
        "the payment backend corrects signData or mode as errMsg says, and signs a new order with a new outTradeNo";
    NEW_ORDER = front_end "支付后端:换新的 outTradeNo 重新下单;每个 outTradeNo 只能使用一次"
        "the payment backend makes a new order; WeChat takes each outTradeNo once";
    PUBLISH = console "在小程序后台「虚拟支付」中为对应的 env 发布道具或代币,约 10 分钟后生效"
        "publish the product or coin for this env on the virtual payment page of WeChat's console; it takes effect within some 10 minutes";
    CONSOLE = console "在小程序后台「虚拟支付」与商户平台查看商户状态并按提示处理"
        "look at the merchant's state on the virtual payment page of WeChat's console and in the merchant platform, and do what it asks for";
    LATER = front_end "稍后由用户再次点击购买;刚发布的道具约 10 分钟后生效"
        "the user taps again later; what was just published takes effect within some 10 minutes"
        with { category: Category::Busy, actor: Actor::None };
}
