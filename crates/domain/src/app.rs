//! The configured mini programs.

use crate::id::{AppId, OpenPlatform};

/// A configured mini program. Its AppSecret is not here: only the adapter that talks to WeChat
/// needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    pub id: AppId,
    /// The Open Platform account it is bound to, if the operator named one. Two apps with the
    /// same account share users by unionid.
    pub open_platform: Option<OpenPlatform>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the app is not configured here")]
pub struct UnknownApp;

/// All configured apps, in the operator's order.
#[derive(Clone, Debug)]
pub struct AppDirectory {
    first: App,
    others: Vec<App>,
}

impl AppDirectory {
    /// A directory of `first` and `others`. There is always one app, because a login without
    /// any app has no meaning.
    pub fn new(first: App, others: Vec<App>) -> Self {
        Self { first, others }
    }

    pub fn find(&self, id: &str) -> Option<&App> {
        self.all().find(|app| app.id.as_str() == id)
    }

    pub fn all(&self) -> impl Iterator<Item = &App> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// Which app a login is for: the one `named` in the request; else the one whose page sent it
    /// (the appid in WeChat's fixed `referer`); else the first.
    pub fn choose(&self, named: Option<&str>, referer: Option<&str>) -> Result<&App, UnknownApp> {
        match named.or_else(|| referer.and_then(appid_in_referer)) {
            Some(id) => self.find(id).ok_or(UnknownApp),
            None => Ok(&self.first),
        }
    }
}

/// The appid in `https://servicewechat.com/{appid}/{version}/page-frame.html`, the `Referer`
/// that WeChat sets on every `wx.request` and that a page cannot change. `None` for the address
/// of any other page, and for one of WeChat's that names no app.
fn appid_in_referer(referer: &str) -> Option<&str> {
    let (scheme, rest) = referer.trim().split_once("://")?;
    let (authority, path) = rest.split_once('/')?;
    let host = authority.split(':').next().unwrap_or_default();
    let is_wechat = ["https", "http"]
        .iter()
        .any(|known| scheme.eq_ignore_ascii_case(known))
        && host.eq_ignore_ascii_case("servicewechat.com");
    let app_id = path.split(['/', '?', '#']).next()?;
    (is_wechat && !app_id.is_empty()).then_some(app_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is chosen among wx01 and wx02.
    fn chosen(named: Option<&str>, referer: &str) -> Result<String, UnknownApp> {
        let app = |id: &str| App {
            id: AppId::new(id),
            open_platform: None,
        };
        let directory = AppDirectory::new(app("wx01"), vec![app("wx02")]);
        let chosen = directory.choose(named, Some(referer));
        chosen.map(|app| app.id.to_string())
    }

    const WX02: &str = "https://servicewechat.com/wx02/0/page-frame.html";

    #[test]
    fn a_named_app_wins_over_the_referer() {
        assert_eq!(chosen(Some("wx01"), WX02).as_deref(), Ok("wx01"));
    }

    #[test]
    fn a_named_app_that_is_not_configured_is_refused() {
        assert_eq!(chosen(Some("wx03"), WX02), Err(UnknownApp));
    }

    #[test]
    fn without_a_name_a_referer_that_names_an_app_is_read_in_every_form() {
        for referer in [
            WX02,
            "https://servicewechat.com/wx02/devtools/page-frame.html",
            "https://servicewechat.com/wx02",
            "https://servicewechat.com/wx02?from=x",
            "https://servicewechat.com:443/wx02/12/page-frame.html",
            " HTTPS://ServiceWeChat.com/wx02/0/page-frame.html",
            "http://servicewechat.com/wx02/0/page-frame.html",
        ] {
            assert_eq!(chosen(None, referer).as_deref(), Ok("wx02"), "{referer}");
        }
    }

    #[test]
    fn a_referer_of_an_app_that_is_not_configured_is_refused() {
        for app_id in ["wx99", "touristappid", "WX02", "wx02x", "%"] {
            let referer = format!("https://servicewechat.com/{app_id}/0/page-frame.html");
            assert_eq!(chosen(None, &referer), Err(UnknownApp));
        }
    }

    #[test]
    fn a_referer_that_names_no_app_means_the_first_one() {
        for referer in [
            "https://example.com/wx02/0/",
            "https://servicewechat.com.example.com/wx99/0/",
            "https://example.com/servicewechat.com/wx99/0/",
            "https://servicewechat.com/",
            "https://servicewechat.com",
            "https://servicewechat.com//0/page-frame.html",
            "servicewechat.com/wx99/0/page-frame.html",
            "",
        ] {
            assert_eq!(chosen(None, referer).as_deref(), Ok("wx01"), "{referer}");
        }
    }
}
