//! Errcodes of one-time codes.

use super::{OUR_BUG, PHONE, Verdict, WechatFailure, blocked, input};

entries! {
    40029 "无效的 code"
        "invalid code: wrong, expired, of another app, or the developer tool's mock code"
        => LOGIN_AGAIN, elsewhere &[PHONE];
    40163 "code 已被使用" "the code has been used"
        => Verdict { failure: Some(WechatFailure::CodeUsed), ..LOGIN_AGAIN }, elsewhere &[PHONE];
    41008 "缺少 code" "code missing" => LOGIN_AGAIN, elsewhere &[PHONE];
    40226 "高风险用户,登录被拦截" "high-risk user, login blocked"
        => blocked(
            "用户账号被微信判定为高风险,不应放行,也不应重试",
            "WeChat holds the user for a high risk: do not let them in, do not try again",
        );
    40016 "(插件)参数不合法" "invalid parameter (plugins)" => PLUGIN_LOGIN_AGAIN;
    1001 "插件接口参数非法" "bad parameter of getPluginOpenPId" => PLUGIN_LOGIN_AGAIN;
    1005 "插件 appid 与数据不匹配" "the plugin's appid and the code do not belong together"
        => OUR_BUG;
    1007 "openpid 数据不存在" "there is no openpid for this code" => PLUGIN_LOGIN_AGAIN;
    1022 "插件接口 JSON 解析错误" "getPluginOpenPId cannot read the JSON" => OUR_BUG;
}

const LOGIN_AGAIN: Verdict = input(
    WechatFailure::CodeInvalid,
    "前端重新调用 wx.login,用新的 code 再登录一次",
    "call wx.login again and log in with the new code, once",
);

const PLUGIN_LOGIN_AGAIN: Verdict = input(
    WechatFailure::InvalidRequest,
    "插件重新调用 wx.pluginLogin 获取新的 code",
    "call wx.pluginLogin again and send the new code",
);
