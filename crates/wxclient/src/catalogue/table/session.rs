//! Errcodes of session_keys, open data and users.

use super::{Actor, Category, OUR_BUG, PHONE, Retry, Verdict, WechatFailure, front_end, input};

entries! {
    1 "数据不存在" "the data does not exist (checkencryptedmsg: not made by WeChat within three days)"
        => input(
            WechatFailure::OpenDataInvalid,
            "请用户重新操作一次,发送新的 encryptedData",
            "let the user tap again and send the new encryptedData",
        );
    // Of the openid that goes along with the code.
    40003 "不合法的 OpenID" "invalid openid" => OTHER_OPENID, elsewhere &[PHONE];
    43104 "appid 与 openid 不匹配" "the openid is not of this app" => OTHER_OPENID, elsewhere &[PHONE];
    87007 "session_key 不存在或已过期" "the session_key does not exist or has expired" => STALE;
    87008 "无效的 sig_method" "invalid sig_method" => OUR_BUG;
    87009 "无效的签名(session_key 已更换或过期)"
        "invalid signature: the session_key has been replaced or has expired"
        => STALE;
    89300 "订单无效" "invalid order"
        => input(
            WechatFailure::InvalidRequest,
            "核对订单号,且须在支付后 5 分钟内查询",
            "check the order's number, and ask within five minutes of the payment",
        );
    61010 "用户访问记录超时(2 小时内未访问)" "the user has not visited the app within two hours"
        => NOT_KNOWN_NOW;
    61080 "用户安全等级服务暂不可用" "the risk rank service is not available now" => NOT_KNOWN_NOW;
    61081 "查询用户安全等级过于频繁" "the risk rank is asked for too often"
        => Verdict {
            category: Category::Limit,
            retry: Retry::AfterSeconds(60),
            ..NOT_KNOWN_NOW
        };
    87014 "内容含违规信息" "the content is risky" => CONTENT_REFUSED;
    87020 "媒体内容检查失败(原文未记录)" "the media check failed (WeChat's wording is not on record)"
        => CONTENT_REFUSED;
}

const STALE: Verdict = input(
    WechatFailure::SessionKeyStale,
    "前端先调用 wx.login 重新登录,再让用户操作",
    "call wx.login and log in again first, then let the user tap the button",
);

const OTHER_OPENID: Verdict = input(
    WechatFailure::InvalidRequest,
    "确认 openid 属于该小程序",
    "check that the openid is of this app",
);

const NOT_KNOWN_NOW: Verdict = Verdict {
    category: Category::Risk,
    actor: Actor::None,
    ..front_end(
        "跳过风险检查,待用户下次访问后再查",
        "leave the risk check out and repeat it after the user's next visit",
    )
};

const CONTENT_REFUSED: Verdict = Verdict {
    actor: Actor::EndUser,
    ..front_end("请用户修改内容", "the user changes the content")
};
