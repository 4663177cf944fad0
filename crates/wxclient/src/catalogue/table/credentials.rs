//! Errcodes of what speaks for an app: its AppSecret and access_token, the keys of signed calls, and a
//! third-party platform.

use super::{
    Actor, Category, Deviation, OUR_BUG, PHONE, Retry, WechatFailure, away, front_end,
    misconfigured,
};
use crate::api::Api;

group! {
    APP "The app, its AppSecret and its IP whitelist"
    40002 "不合法的凭证类型" "invalid grant_type" => OUR_BUG;
    40013 "不合法的 AppID(获取手机号时:code 属于另一小程序)"
        "invalid appid (for a phone number: the code is of another app)"
        => misconfigured "核对配置中的 appid(以 wx 开头的 18 位字符)"
            "check the configured appid (18 characters that begin with wx)", elsewhere PHONE;
    40125 "无效的 AppSecret" "invalid AppSecret (wrong, or reset in the console)" => SECRET_WRONG;
    40164 "调用方 IP 不在白名单" "the caller's IP is not in the app's whitelist"
        => misconfigured "在公众平台 开发管理 → IP 白名单 中加入该服务的出口 IP(最多 10 条,每条为一个 IP、a.b.c.* 或 /24 网段)"
            "add this service's public address to the IP whitelist in the console (开发管理); it has at most ten entries, each an address, a.b.c.* or a /24 network";
    40243 "AppSecret 已被冻结" "the AppSecret is frozen"
        => misconfigured "在公众平台解冻 AppSecret" "unfreeze the AppSecret in the console";
    41002 "缺少 appid" "appid missing" => OUR_BUG;
    41004 "缺少 secret" "secret missing" => OUR_BUG;
    45035 "调用方 IP 未登记" "the caller's IP is not registered"
        => misconfigured "在公众平台登记该服务的出口 IP"
            "register this service's public address in the console";
    50004 "禁止使用 token 接口" "the token API is forbidden to this app" => APPEAL;
    50007 "账号已冻结" "the account is frozen" => APPEAL;
    89501 "该 IP 的调用等待管理员确认" "the caller's IP awaits the administrator's confirmation"
        => CONFIRM_IP;
    89503 "该 IP 调用有风险,需管理员确认"
        "the caller's IP is held for risky; the administrators have been asked" => CONFIRM_IP;
    89506 "管理员两次拒绝,24 小时内禁止该 IP 调用"
        "refused twice: the caller's IP is barred for 24 hours" => BARRED;
    89507 "管理员拒绝,1 小时内禁止该 IP 调用" "refused once: the caller's IP is barred for an hour"
        => BARRED;
    89002 "未绑定微信开放平台账号" "the app is not bound to an Open Platform account"
        => misconfigured "在微信开放平台绑定该小程序"
            "bind the app at the Open Platform (open.weixin.qq.com)";
}

verdicts! {
    SECRET_WRONG = misconfigured "核对配置中的 AppSecret;若已在公众平台重置,请更新配置"
        "check the configured AppSecret; after a reset in the console, configure the new one";
    APPEAL = misconfigured "登录公众平台查看账号状态并申诉"
        "see the account's state in the console and appeal there";
    CONFIRM_IP = misconfigured "管理员在微信中确认该 IP 后再试"
        "an administrator confirms the address in WeChat, then it works"
        with { retry: Retry::AfterOperator };
    BARRED = misconfigured "等待禁止期结束,并让管理员在下次询问时确认"
        "wait until the bar ends, and have the administrator confirm at the next request"
        with { retry: Retry::AfterOperator };
}

group! {
    TOKEN "The access_token"
    40001 "access_token 无效或不是最新(无 access_token 的接口:AppSecret 错误)"
        "access_token invalid or not the latest (where none is sent: AppSecret wrong)"
        => NEW_TOKEN, elsewhere WITH_THE_SECRET;
    40014 "不合法的 access_token" "invalid access_token" => NEW_TOKEN;
    42001 "access_token 已过期" "access_token expired" => NEW_TOKEN;
    41001 "缺少 access_token" "access_token missing" => OUR_BUG;
}

/// No access_token is sent to these, so that only the secret can be meant.
const WITH_THE_SECRET: Deviation = Deviation {
    apis: &[
        Api::Code2Session,
        Api::StableToken,
        Api::Token,
        Api::ComponentToken,
    ],
    verdict: SECRET_WRONG,
};

verdicts! {
    NEW_TOKEN = front_end "服务会换新凭据重试一次;若反复出现,说明有其他程序在获取普通 token,应改用 stable_token"
        "the service gets a new one and asks once more; if it keeps coming, another program fetches plain tokens for this app: let it use stable_token"
        with {
            category: Category::Token,
            actor: Actor::None,
            retry: Retry::WithNewToken,
            failure: Some(WechatFailure::BadAnswer)
        };
}

// <https://developers.weixin.qq.com/miniprogram/dev/server/getting_started/api_signature.html>
group! {
    SIGNING "API signing and encryption (服务端 API 签名与加密)"
    40230 "缺少安全头 Serial" "header Wechatmp-Serial missing" => OUR_BUG;
    40231 "缺少安全头 TimeStamp" "header Wechatmp-TimeStamp missing" => OUR_BUG;
    40232 "缺少安全头 Signature" "header Wechatmp-Signature missing" => OUR_BUG;
    40233 "缺少安全头 Appid" "header Wechatmp-Appid missing" => OUR_BUG;
    40234 "签名错误" "invalid signature" => KEYS;
    40235 "密文错误,无法解密" "WeChat cannot decrypt the request" => KEYS;
    40236 "appid 错误" "invalid appid" => KEYS;
    40237 "appid 与 access_token 不符" "the appid and the access_token do not belong together"
        => KEYS;
    40238 "未设置对称密钥" "no symmetric key is set in the console" => KEYS;
    40239 "未设置公钥" "no public key is set in the console" => KEYS;
    40240 "时间戳过期" "expired timestamp"
        => misconfigured "校准服务器时钟(NTP)" "set the server's clock right (NTP)"
            with { failure: Some(WechatFailure::BadAnswer) };
}

verdicts! {
    KEYS = misconfigured "核对公众平台「API 安全」中的密钥、编号与配置是否一致"
        "compare the keys and their numbers in the console (API 安全) with the settings";
}

// <https://developers.weixin.qq.com/doc/oplatform/openApi/OpenApiDoc/miniprogram-management/login/thirdpartyCode2Session.html>
group! {
    COMPONENT "Third-party platforms (第三方平台)"
    40090 "客户端 IP 不合法" "the caller's IP is not valid" => PLATFORM_IP;
    41018 "缺少 component_appid" "component_appid missing" => OUR_BUG;
    41021 "缺少 component_access_token" "component_access_token missing" => OUR_BUG;
    61003 "小程序未授权给该第三方平台" "the app has not authorised this platform" => PERMISSION;
    61004 "IP 未登记" "the caller's IP is not registered" => PLATFORM_IP;
    61005 "component_verify_ticket 已过期" "component_verify_ticket expired" => NEXT_TICKET;
    61006 "component_verify_ticket 无效" "component_verify_ticket invalid" => NEXT_TICKET;
    61007 "第三方平台无此接口权限" "the platform has no permission for this API" => PERMISSION;
    61011 "第三方平台无效" "invalid component"
        => misconfigured "核对 component_appid 与平台状态"
            "check component_appid and the platform's state";
    61014 "该接口须使用 component_access_token" "this API needs a component_access_token"
        => OUR_BUG;
    61016 "须先确认权限集" "the permission category must be confirmed first" => PERMISSION;
}

verdicts! {
    PERMISSION = misconfigured "请小程序管理员重新授权给该第三方平台,并勾选所需权限集"
        "let the app's administrator authorise the platform again, with the permission sets it needs";
    PLATFORM_IP = misconfigured "在开放平台的第三方平台详情中登记该服务的出口 IP"
        "register this service's public address with the platform at open.weixin.qq.com";
    NEXT_TICKET = away "微信每 10 分钟推送新 ticket;若一直失败,检查授权事件接收地址"
        "WeChat pushes a new ticket every ten minutes; if it stays so, check the URL that receives them"
        with { retry: Retry::AfterSeconds(600) };
}
