//! 微信云托管: the identity that WeChat's gateway puts into the headers of a call which came over
//! its private link (`wx.cloud.callContainer`), so that no code is exchanged.
//! <https://developers.weixin.qq.com/minigame/dev/wxcloud/guide/container/wxinfo.html>

use domain::id::{AppId, OpenId, UnionId};
use domain::user::Identity;

/// Reads the identity out of a request's headers; `header` looks one up by its name in lower
/// case. `None` if the call did not come over WeChat's link (it has no `X-WX-SOURCE`) or names
/// no user.
///
/// **Only for a service that runs on WeChat's cloud hosting with its public access closed**:
/// anywhere else anyone can send these headers.
pub fn cloud_identity<'h>(header: impl Fn(&str) -> Option<&'h str>) -> Option<Identity> {
    let header = |name: &str| header(name).filter(|value| !value.is_empty());
    header("x-wx-source")?;
    // A borrowed environment (资源复用) names the user in the app that borrows it.
    let identity = |open_id: &str, app_id: &str, union_id: &str| {
        Some(Identity {
            open_id: OpenId::new(header(open_id)?),
            app_id: AppId::new(header(app_id)?),
            union_id: header(union_id).map(UnionId::new),
        })
    };
    identity("x-wx-openid", "x-wx-appid", "x-wx-unionid")
        .or_else(|| identity("x-wx-from-openid", "x-wx-from-appid", "x-wx-from-unionid"))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::of_the_app(
        &[("x-wx-openid", "o1"), ("x-wx-appid", "wx01"), ("x-wx-unionid", "")],
        Some(("wx01", "o1", None)),
    )]
    #[case::of_the_app_that_borrows_the_environment(
        &[
            ("x-wx-appid", "wx01"),
            ("x-wx-from-openid", "o2"),
            ("x-wx-from-appid", "wx02"),
            ("x-wx-from-unionid", "u2"),
        ],
        Some(("wx02", "o2", Some("u2"))),
    )]
    #[case::without_an_openid(&[("x-wx-appid", "wx01")], None)]
    fn a_call_over_wechats_link_names_its_user(
        #[case] headers: &[(&'static str, &'static str)],
        #[case] expected: Option<(&str, &str, Option<&str>)>,
    ) {
        let mut headers: HashMap<_, _> = headers.iter().copied().collect();
        let read = |headers: &HashMap<_, _>| cloud_identity(|name| headers.get(name).copied());
        assert_eq!(read(&headers), None, "without a source");
        headers.insert("x-wx-source", "wx_client");
        let expected = expected.map(|(app_id, open_id, union_id)| Identity {
            app_id: AppId::new(app_id),
            open_id: OpenId::new(open_id),
            union_id: union_id.map(UnionId::new),
        });
        assert_eq!(read(&headers), expected);
    }
}
