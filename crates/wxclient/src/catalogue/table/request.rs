//! Errcodes of the request's form.

use super::{Actor, OUR_BUG, Verdict, WechatFailure, input, misconfigured};

entries! {
    40066 "不合法的 url" "invalid url: there is no such API path"
        => misconfigured(
            "检查 wechat.base_url 是否正确",
            "check the configured base URL of WeChat (wechat.base_url)",
        );
    40097 "参数错误" "invalid arguments"
        => input(WechatFailure::InvalidRequest, "检查前端发送的参数", "check what the front end sent");
    40129 "场景值错误" "invalid scene" => OUR_BUG;
    43001 "需要 GET 请求" "require GET method" => OUR_BUG;
    43002 "需要 POST 请求" "require POST method" => OUR_BUG;
    43003 "需要 HTTPS" "require HTTPS"
        => misconfigured(
            "将 wechat.base_url 改为 https",
            "use https in the configured base URL of WeChat (wechat.base_url)",
        );
    43302 "需要 POST 请求" "require POST method" => OUR_BUG;
    44002 "POST 数据包为空" "empty post data" => OUR_BUG;
    45002 "内容超长" "the content is too long"
        => Verdict {
            actor: Actor::EndUser,
            ..input(WechatFailure::TooLong, "缩短内容", "shorten the content")
        };
    47001 "解析 JSON 错误" "data format error" => OUR_BUG;
}
