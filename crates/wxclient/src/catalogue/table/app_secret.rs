//! Errcodes of the app's credentials: appid, AppSecret, IP whitelist, the account itself.

use super::{OUR_BUG, PHONE, Retry, Verdict, misconfigured, retried};

entries! {
    40002 "不合法的凭证类型" "invalid grant_type" => OUR_BUG;
    40013 "不合法的 AppID(获取手机号时:code 属于另一小程序)"
        "invalid appid (for a phone number: the code is of another app)"
        => misconfigured(
            "核对配置中的 appid(以 wx 开头的 18 位字符)",
            "check the configured appid (18 characters that begin with wx)",
        ), elsewhere &[PHONE];
    40125 "无效的 AppSecret" "invalid AppSecret (wrong, or reset in the console)" => SECRET_WRONG;
    40164 "调用方 IP 不在白名单" "the caller's IP is not in the app's whitelist"
        => misconfigured(
            "在公众平台 开发管理 → IP 白名单 中加入该服务的出口 IP(最多 10 条,每条为一个 IP、a.b.c.* 或 /24 网段)",
            "add this service's public address to the IP whitelist in the console (开发管理); it has at most ten entries, each an address, a.b.c.* or a /24 network",
        );
    40243 "AppSecret 已被冻结" "the AppSecret is frozen"
        => misconfigured("在公众平台解冻 AppSecret", "unfreeze the AppSecret in the console");
    41002 "缺少 appid" "appid missing" => OUR_BUG;
    41004 "缺少 secret" "secret missing" => OUR_BUG;
    45035 "调用方 IP 未登记" "the caller's IP is not registered"
        => misconfigured(
            "在公众平台登记该服务的出口 IP",
            "register this service's public address in the console",
        );
    50004 "禁止使用 token 接口" "the token API is forbidden to this app" => APPEAL;
    50007 "账号已冻结" "the account is frozen" => APPEAL;
    89501 "该 IP 的调用等待管理员确认" "the caller's IP awaits the administrator's confirmation"
        => CONFIRM_IP;
    89503 "该 IP 调用有风险,需管理员确认"
        "the caller's IP is held for risky; the administrators have been asked"
        => CONFIRM_IP;
    89506 "管理员两次拒绝,24 小时内禁止该 IP 调用"
        "refused twice: the caller's IP is barred for 24 hours"
        => BARRED;
    89507 "管理员拒绝,1 小时内禁止该 IP 调用" "refused once: the caller's IP is barred for an hour"
        => BARRED;
    89002 "未绑定微信开放平台账号" "the app is not bound to an Open Platform account"
        => misconfigured(
            "在微信开放平台绑定该小程序",
            "bind the app at the Open Platform (open.weixin.qq.com)",
        );
}

pub(super) const SECRET_WRONG: Verdict = misconfigured(
    "核对配置中的 AppSecret;若已在公众平台重置,请更新配置",
    "check the configured AppSecret; after a reset in the console, configure the new one",
);

const APPEAL: Verdict = misconfigured(
    "登录公众平台查看账号状态并申诉",
    "see the account's state in the console and appeal there",
);

const CONFIRM_IP: Verdict = retried(
    Retry::AfterOperator,
    misconfigured(
        "管理员在微信中确认该 IP 后再试",
        "an administrator confirms the address in WeChat, then it works",
    ),
);

const BARRED: Verdict = retried(
    Retry::AfterOperator,
    misconfigured(
        "等待禁止期结束,并让管理员在下次询问时确认",
        "wait until the bar ends, and have the administrator confirm at the next request",
    ),
);
