//! Errcodes of the access_token. The service handles them inside.

use super::app_secret::SECRET_WRONG;
use super::{Actor, Category, Deviation, OUR_BUG, Retry, Verdict, WechatFailure, input};
use crate::api::Api;

entries! {
    // No access_token is sent to these, so that only the secret can be meant.
    40001 "access_token 无效或不是最新(无 access_token 的接口:AppSecret 错误)"
        "access_token invalid or not the latest (where none is sent: AppSecret wrong)"
        => NEW_TOKEN, elsewhere &[Deviation {
            apis: &[Api::Code2Session, Api::StableToken, Api::Token, Api::ComponentToken],
            verdict: SECRET_WRONG,
        }];
    40014 "不合法的 access_token" "invalid access_token" => NEW_TOKEN;
    42001 "access_token 已过期" "access_token expired" => NEW_TOKEN;
    41001 "缺少 access_token" "access_token missing" => OUR_BUG;
}

const NEW_TOKEN: Verdict = Verdict {
    category: Category::Token,
    actor: Actor::None,
    retry: Retry::WithNewToken,
    ..input(
        WechatFailure::BadAnswer,
        "服务会换新凭据重试一次;若反复出现,说明有其他程序在获取普通 token,应改用 stable_token",
        "the service gets a new one and asks once more; if it keeps coming, another program fetches plain tokens for this app: let it use stable_token",
    )
};
