//! Errcodes of a user: one-time codes, session_keys, open data.

use super::{
    Actor, Category, OUR_BUG, PHONE, Retry, WechatFailure, blocked, front_end, misconfigured,
};

group! {
    CODES "Codes of wx.login, the phone button and plugins"
    40029 "无效的 code"
        "invalid code: wrong, expired, of another app, or the developer tool's mock code"
        => LOGIN_AGAIN, elsewhere PHONE;
    40163 "code 已被使用" "the code has been used"
        => LOGIN_AGAIN with { failure: Some(WechatFailure::CodeUsed) }, elsewhere PHONE;
    41008 "缺少 code" "code missing" => LOGIN_AGAIN, elsewhere PHONE;
    40226 "高风险用户,登录被拦截" "high-risk user, login blocked"
        => blocked "用户账号被微信判定为高风险,不应放行,也不应重试"
            "WeChat holds the user for a high risk: do not let them in, do not try again";
    40016 "(插件)参数不合法" "invalid parameter (plugins)" => PLUGIN_LOGIN_AGAIN;
    1001 "插件接口参数非法" "bad parameter of getPluginOpenPId" => PLUGIN_LOGIN_AGAIN;
    1005 "插件 appid 与数据不匹配" "the plugin's appid and the code do not belong together"
        => OUR_BUG;
    1007 "openpid 数据不存在" "there is no openpid for this code" => PLUGIN_LOGIN_AGAIN;
    1022 "插件接口 JSON 解析错误" "getPluginOpenPId cannot read the JSON" => OUR_BUG;
}

verdicts! {
    LOGIN_AGAIN = front_end "前端重新调用 wx.login,用新的 code 再登录一次"
        "call wx.login again and log in with the new code, once"
        with { failure: Some(WechatFailure::CodeInvalid) };
    PLUGIN_LOGIN_AGAIN = front_end "插件重新调用 wx.pluginLogin 获取新的 code"
        "call wx.pluginLogin again and send the new code"
        with { failure: Some(WechatFailure::InvalidRequest) };
}

group! {
    SESSION "session_key and the user's data"
    1 "数据不存在" "the data does not exist (checkencryptedmsg: not made by WeChat within three days)"
        => front_end "请用户重新操作一次,发送新的 encryptedData"
            "let the user tap again and send the new encryptedData"
            with { failure: Some(WechatFailure::OpenDataInvalid) };
    // Of the openid that goes along with the code.
    40003 "不合法的 OpenID" "invalid openid" => OTHER_OPENID, elsewhere PHONE;
    43104 "appid 与 openid 不匹配" "the openid is not of this app" => OTHER_OPENID, elsewhere PHONE;
    87007 "session_key 不存在或已过期" "the session_key does not exist or has expired" => STALE;
    87008 "无效的 sig_method" "invalid sig_method" => OUR_BUG;
    87009 "无效的签名(session_key 已更换或过期)"
        "invalid signature: the session_key has been replaced or has expired" => STALE;
    89300 "订单无效" "invalid order"
        => front_end "核对订单号,且须在支付后 5 分钟内查询"
            "check the order's number, and ask within five minutes of the payment"
            with { failure: Some(WechatFailure::InvalidRequest) };
    61010 "用户访问记录超时(2 小时内未访问)" "the user has not visited the app within two hours"
        => NOT_KNOWN_NOW;
    61080 "用户安全等级服务暂不可用" "the risk rank service is not available now" => NOT_KNOWN_NOW;
    61081 "查询用户安全等级过于频繁" "the risk rank is asked for too often"
        => NOT_KNOWN_NOW with { category: Category::Limit, retry: Retry::AfterSeconds(60) };
    87014 "内容含违规信息" "the content is risky" => CONTENT_REFUSED;
    87020 "媒体内容检查失败(原文未记录)" "the media check failed (WeChat's wording is not on record)"
        => CONTENT_REFUSED;
}

verdicts! {
    STALE = front_end "前端先调用 wx.login 重新登录,再让用户操作"
        "call wx.login and log in again first, then let the user tap the button"
        with { failure: Some(WechatFailure::SessionKeyStale) };
    OTHER_OPENID = front_end "确认 openid 属于该小程序" "check that the openid is of this app"
        with { failure: Some(WechatFailure::InvalidRequest) };
    NOT_KNOWN_NOW = front_end "跳过风险检查,待用户下次访问后再查"
        "leave the risk check out and repeat it after the user's next visit"
        with { category: Category::Risk, actor: Actor::None };
    CONTENT_REFUSED = front_end "请用户修改内容" "the user changes the content"
        with { actor: Actor::EndUser };
}

// 多端应用身份管理, code2verifyinfo.
group! {
    MULTI_END "Multi-end apps (多端应用)"
    10_001_000 "code 已过期(多端应用)" "the code has expired (multi-end apps)"
        => front_end "前端重新获取 code 并只发送一次" "get a new code and send it once"
            with { failure: Some(WechatFailure::CodeInvalid) };
    10_001_001 "code 错误(多端应用)" "the code is wrong (multi-end apps)"
        => front_end "前端重新获取 code 并原样发送" "get a new code and send it unchanged"
            with { failure: Some(WechatFailure::CodeInvalid) };
    10_001_002 "appid 错误(多端应用)" "wrong appid (multi-end apps)"
        => misconfigured "核对多端应用的 appid,它与小程序的 appid 不同"
            "compare the appid of the multi-end app, which is not that of the mini program";
    10_001_003 "secret 错误(多端应用)" "wrong secret (multi-end apps)"
        => misconfigured "核对多端应用的 secret" "compare the secret of the multi-end app";
    10_001_004 "grant_type 错误(多端应用)" "wrong grant_type (multi-end apps)"
        => misconfigured "按该接口的文档填写 grant_type"
            "take the grant_type from the API's document";
    10_001_005 "身份管理服务未开通(多端应用)" "the identity service is not switched on (multi-end apps)"
        => misconfigured "在多端应用控制台开通身份管理服务"
            "switch the identity service on in the console of multi-end apps";
}
