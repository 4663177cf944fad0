//! Errcodes of the platform as such (busy, too many calls, not allowed) and of the request's form.

use super::{
    Actor, Category, OUR_BUG, Retry, WechatFailure, away, blocked, console, front_end,
    misconfigured,
};

group! {
    PLATFORM "The platform"
    0 "请求成功" "ok (as is an answer without errcode)"
        => front_end "无需处理" "nothing" with { category: Category::Success, actor: Actor::None };
    -1 "系统繁忙" "WeChat is busy"
        => away "服务会自行重试;仍失败时,前端稍后用新的 code 再试"
            "the service asks again by itself; after that the front end tries later, with a new code"
            with { actor: Actor::None, retry: Retry::WithPauses };
    45009 "接口调用超过每日限额" "daily quota used up"
        => away "当日不可再用;可用 clear_quota 清零(每月 10 次),并查明调用为何过多"
            "it ends with the day; clear_quota resets it (10 times a month); find out who calls so often"
            with { category: Category::Limit, retry: Retry::AfterSeconds(3600) };
    45011 "调用太频繁,超过每分钟限额" "quota of the minute used up" => TOO_OFTEN;
    44991 "超出每分钟频率(内容安全接口)" "quota of the minute used up (content checks)"
        => TOO_OFTEN;
    48001 "API 未授权" "this app may not call this API"
        => misconfigured "在公众平台确认小程序已认证、类目与接口权限已开通"
            "see in the console that the app is verified and has this API";
    48004 "API 因违规被封禁" "this API is forbidden to the app for irregularities"
        => misconfigured "登录公众平台查看处罚通知并申诉"
            "read the notice in the console and appeal there";
    50001 "用户未授权该 API" "the user has not authorised the app for this API"
        => misconfigured "检查所用凭据与权限集是否包含该接口"
            "check that the credential and its permission set cover this API"
            with { failure: Some(WechatFailure::UserBlocked) };
    50002 "用户受限(账号被冻结或已注销)" "user limited (account frozen or closed)"
        => blocked "用户需在微信中解除限制;若所有用户都如此,请检查小程序是否被冻结"
            "the user settles it with WeChat; if it hits every user, see whether the app is frozen";
    1000 "插件接口系统错误" "system error of getPluginOpenPId"
        => away "服务会自行重试" "the service asks again by itself"
            with { actor: Actor::None, retry: Retry::WithPauses };
    1003 "插件接口调用过于频繁" "getPluginOpenPId is called too often" => TOO_OFTEN;
    76021 "cgi_path 不存在" "cgi_path does not exist (quota API)"
        => misconfigured "检查查询额度时填写的接口路径" "check the API path asked about";
    48017 "接口地址已停用" "this address of the API is retired"
        => misconfigured "升级 wxlogin;若配置了 wechat.base_url,改回 https://api.weixin.qq.com"
            "upgrade wxlogin; if wechat.base_url is set, make it https://api.weixin.qq.com";
    76022 "无权操作该 cgi_path,或该路径不支持"
        "no permission for this cgi_path, or it is not supported (quota API, reset of one API's counter)"
        => misconfigured "确认小程序拥有该接口的权限;/sns/* 等路径不支持"
            "see that the app has this API; paths such as /sns/* are not supported";
    9_410_009 "风险接口测试额度已耗尽" "test quota of the risk API used up"
        => console "购买额度或停用风险等级检查" "buy quota, or switch the risk check off";
}

verdicts! {
    TOO_OFTEN = front_end "一分钟后再试;前端不要在每次请求时都登录"
        "again after a minute; the front end must not log in for every request"
        with {
            category: Category::Limit,
            retry: Retry::AfterSeconds(60),
            failure: Some(WechatFailure::RateLimited)
        };
}

group! {
    REQUEST "The request"
    40066 "不合法的 url" "invalid url: there is no such API path"
        => misconfigured "检查 wechat.base_url 是否正确"
            "check the configured base URL of WeChat (wechat.base_url)";
    40097 "参数错误" "invalid arguments"
        => front_end "检查前端发送的参数" "check what the front end sent"
            with { failure: Some(WechatFailure::InvalidRequest) };
    40129 "场景值错误" "invalid scene" => OUR_BUG;
    43001 "需要 GET 请求" "require GET method" => OUR_BUG;
    43002 "需要 POST 请求" "require POST method" => OUR_BUG;
    43003 "需要 HTTPS" "require HTTPS"
        => misconfigured "将 wechat.base_url 改为 https"
            "use https in the configured base URL of WeChat (wechat.base_url)";
    43302 "需要 POST 请求" "require POST method" => OUR_BUG;
    44002 "POST 数据包为空" "empty post data" => OUR_BUG;
    45002 "内容超长" "the content is too long"
        => front_end "缩短内容" "shorten the content"
            with { actor: Actor::EndUser, failure: Some(WechatFailure::TooLong) };
    47001 "解析 JSON 错误" "data format error" => OUR_BUG;
}
