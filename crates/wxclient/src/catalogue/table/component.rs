//! Errcodes of third-party platforms.
//! <https://developers.weixin.qq.com/doc/oplatform/openApi/OpenApiDoc/miniprogram-management/login/thirdpartyCode2Session.html>

use super::{OUR_BUG, Retry, Verdict, away, misconfigured};

entries! {
    40090 "客户端 IP 不合法" "the caller's IP is not valid" => PLATFORM_IP;
    41018 "缺少 component_appid" "component_appid missing" => OUR_BUG;
    41021 "缺少 component_access_token" "component_access_token missing" => OUR_BUG;
    61003 "小程序未授权给该第三方平台" "the app has not authorised this platform" => PERMISSION;
    61004 "IP 未登记" "the caller's IP is not registered" => PLATFORM_IP;
    61005 "component_verify_ticket 已过期" "component_verify_ticket expired" => NEXT_TICKET;
    61006 "component_verify_ticket 无效" "component_verify_ticket invalid" => NEXT_TICKET;
    61007 "第三方平台无此接口权限" "the platform has no permission for this API" => PERMISSION;
    61011 "第三方平台无效" "invalid component"
        => misconfigured(
            "核对 component_appid 与平台状态",
            "check component_appid and the platform's state",
        );
    61014 "该接口须使用 component_access_token" "this API needs a component_access_token"
        => OUR_BUG;
    61016 "须先确认权限集" "the permission category must be confirmed first" => PERMISSION;
}

const PERMISSION: Verdict = misconfigured(
    "请小程序管理员重新授权给该第三方平台,并勾选所需权限集",
    "let the app's administrator authorise the platform again, with the permission sets it needs",
);

const PLATFORM_IP: Verdict = misconfigured(
    "在开放平台的第三方平台详情中登记该服务的出口 IP",
    "register this service's public address with the platform at open.weixin.qq.com",
);

const NEXT_TICKET: Verdict = Verdict {
    retry: Retry::AfterSeconds(600),
    ..away(
        "微信每 10 分钟推送新 ticket;若一直失败,检查授权事件接收地址",
        "WeChat pushes a new ticket every ten minutes; if it stays so, check the URL that receives them",
    )
};
