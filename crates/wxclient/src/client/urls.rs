//! Where each API is.

use reqwest::Url;

use crate::api::Api;

/// The URLs of all APIs below a base, put together once.
pub(super) struct Urls([Url; Api::ALL.len()]);

impl Urls {
    pub(super) fn under(base: &Url) -> Self {
        let prefix = base.path().trim_end_matches('/');
        Self(Api::ALL.map(|api| {
            let mut url = base.clone();
            url.set_path(&format!("{prefix}{api}"));
            url
        }))
    }

    #[expect(
        clippy::indexing_slicing,
        reason = "there are as many URLs as APIs, and a test compares them"
    )]
    pub(super) const fn of(&self, api: Api) -> &Url {
        &self.0[api as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_api_is_below_the_base() {
        for base in ["https://wechat.example/a/b", "https://wechat.example/a/b/"] {
            let urls = Urls::under(&Url::parse(base).unwrap());
            for api in Api::ALL {
                let expected = format!("https://wechat.example/a/b{}", api.path());
                assert_eq!(urls.of(api).as_str(), expected);
            }
        }
    }
}
