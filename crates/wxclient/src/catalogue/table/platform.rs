//! Errcodes of the platform as such: busy, too many calls, not allowed.

use super::transport::away;
use super::{
    Actor, Category, Retry, Verdict, WechatFailure, blocked, console, input, misconfigured, text,
};

entries! {
    0 "请求成功" "ok (as is an answer without errcode)"
        => Verdict {
            category: Category::Success,
            actor: Actor::None,
            todo: text("无需处理", "nothing"),
            retry: Retry::Never,
            failure: None,
        };
    -1 "系统繁忙" "WeChat is busy"
        => busy(
            "服务会自行重试;仍失败时,前端稍后用新的 code 再试",
            "the service asks again by itself; after that the front end tries later, with a new code",
        );
    45009 "接口调用超过每日限额" "daily quota used up"
        => Verdict {
            category: Category::Limit,
            retry: Retry::AfterSeconds(3600),
            ..away(
                "当日不可再用;可用 clear_quota 清零(每月 10 次),并查明调用为何过多",
                "it ends with the day; clear_quota resets it (10 times a month); find out who calls so often",
            )
        };
    45011 "调用太频繁,超过每分钟限额" "quota of the minute used up" => TOO_OFTEN;
    44991 "超出每分钟频率(内容安全接口)" "quota of the minute used up (content checks)"
        => TOO_OFTEN;
    48001 "API 未授权" "this app may not call this API"
        => misconfigured(
            "在公众平台确认小程序已认证、类目与接口权限已开通",
            "see in the console that the app is verified and has this API",
        );
    48004 "API 因违规被封禁" "this API is forbidden to the app for irregularities"
        => misconfigured(
            "登录公众平台查看处罚通知并申诉",
            "read the notice in the console and appeal there",
        );
    50001 "用户未授权该 API" "the user has not authorised the app for this API"
        => Verdict {
            failure: Some(WechatFailure::UserBlocked),
            ..misconfigured(
                "检查所用凭据与权限集是否包含该接口",
                "check that the credential and its permission set cover this API",
            )
        };
    50002 "用户受限(账号被冻结或已注销)" "user limited (account frozen or closed)"
        => blocked(
            "用户需在微信中解除限制;若所有用户都如此,请检查小程序是否被冻结",
            "the user settles it with WeChat; if it hits every user, see whether the app is frozen",
        );
    1000 "插件接口系统错误" "system error of getPluginOpenPId"
        => busy("服务会自行重试", "the service asks again by itself");
    1003 "插件接口调用过于频繁" "getPluginOpenPId is called too often" => TOO_OFTEN;
    76021 "cgi_path 不存在" "cgi_path does not exist (quota API)"
        => misconfigured("检查查询额度时填写的接口路径", "check the API path asked about");
    48017 "接口地址已停用" "this address of the API is retired"
        => misconfigured(
            "升级 wxlogin;若配置了 wechat.base_url,改回 https://api.weixin.qq.com",
            "upgrade wxlogin; if wechat.base_url is set, make it https://api.weixin.qq.com",
        );
    76022 "无权操作该 cgi_path,或该路径不支持"
        "no permission for this cgi_path, or it is not supported (quota API, reset of one API's counter)"
        => misconfigured(
            "确认小程序拥有该接口的权限;/sns/* 等路径不支持",
            "see that the app has this API; paths such as /sns/* are not supported",
        );
    9_410_009 "风险接口测试额度已耗尽" "test quota of the risk API used up"
        => console("购买额度或停用风险等级检查", "buy quota, or switch the risk check off");
}

const fn busy(zh: &'static str, en: &'static str) -> Verdict {
    Verdict {
        actor: Actor::None,
        retry: Retry::WithPauses,
        ..away(zh, en)
    }
}

const TOO_OFTEN: Verdict = Verdict {
    category: Category::Limit,
    retry: Retry::AfterSeconds(60),
    ..input(
        WechatFailure::RateLimited,
        "一分钟后再试;前端不要在每次请求时都登录",
        "again after a minute; the front end must not log in for every request",
    )
};
