//! 微信云托管: the identity that WeChat's gateway puts into the headers of a call which came over
//! its private link (`wx.cloud.callContainer`), so that no code is exchanged.
//! <https://developers.weixin.qq.com/minigame/dev/wxcloud/guide/container/wxinfo.html>

use domain::id::{AppId, OpenId, UnionId};

/// A user as WeChat's gateway names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloudIdentity {
    pub app_id: AppId,
    pub open_id: OpenId,
    /// The user across apps, if the app is bound to an Open Platform account.
    pub union_id: Option<UnionId>,
}

/// Reads the identity out of a request's headers; `header` looks one up by its name in lower
/// case. `None` if the call did not come over WeChat's link (it has no `X-WX-SOURCE`) or names
/// no user.
///
/// **Only for a service that runs on WeChat's cloud hosting with its public access closed**:
/// anywhere else anyone can send these headers.
pub fn cloud_identity<'h>(header: impl Fn(&str) -> Option<&'h str>) -> Option<CloudIdentity> {
    let header = |name: &str| header(name).filter(|value| !value.is_empty());
    header("x-wx-source")?;
    // A borrowed environment (资源复用) names the user in the app that borrows it.
    let identity = |open_id: &str, app_id: &str, union_id: &str| {
        Some(CloudIdentity {
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

    use super::*;

    fn read(headers: &[(&'static str, &'static str)]) -> Option<CloudIdentity> {
        let headers: HashMap<_, _> = headers.iter().copied().collect();
        cloud_identity(|name| headers.get(name).copied())
    }

    #[test]
    fn a_call_over_wechats_link_names_its_user() {
        let identity = read(&[
            ("x-wx-source", "wx_client"),
            ("x-wx-openid", "o1"),
            ("x-wx-appid", "wx01"),
            ("x-wx-unionid", ""),
        ]);
        let expected = CloudIdentity {
            app_id: AppId::new("wx01"),
            open_id: OpenId::new("o1"),
            union_id: None,
        };
        assert_eq!(identity, Some(expected));
    }

    #[test]
    fn a_borrowed_environment_names_the_user_of_the_borrower() {
        let identity = read(&[
            ("x-wx-source", "wx_client"),
            ("x-wx-appid", "wx01"),
            ("x-wx-from-openid", "o2"),
            ("x-wx-from-appid", "wx02"),
            ("x-wx-from-unionid", "u2"),
        ]);
        let identity = identity.unwrap();
        assert_eq!(identity.app_id.as_str(), "wx02");
        assert_eq!(identity.open_id.as_str(), "o2");
        assert_eq!(identity.union_id, Some(UnionId::new("u2")));
    }

    #[test]
    fn without_a_source_or_an_openid_there_is_no_user() {
        assert_eq!(read(&[("x-wx-openid", "o1"), ("x-wx-appid", "wx01")]), None);
        assert_eq!(
            read(&[("x-wx-source", "wx_client"), ("x-wx-appid", "wx01")]),
            None
        );
    }
}
