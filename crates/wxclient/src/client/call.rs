//! A request to WeChat, before it is sent.

use reqwest::{Client, RequestBuilder, Url};

use crate::api::Api;

/// When a call may be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// It spends a code: again only if WeChat certainly did not take it.
    IfCertainlyNotTaken,
}

/// One call. It holds secrets in its query, so it has no `Debug`.
pub(crate) struct Call {
    pub(crate) api: Api,
    pub(crate) repeat: Repeat,
    query: Vec<(&'static str, String)>,
}

impl Call {
    pub(crate) const fn get(api: Api, repeat: Repeat) -> Self {
        Self {
            api,
            repeat,
            query: Vec::new(),
        }
    }

    pub(crate) fn query(mut self, pairs: &[(&'static str, &str)]) -> Self {
        let pairs = pairs.iter().map(|(key, value)| (*key, (*value).to_owned()));
        self.query.extend(pairs);
        self
    }

    pub(super) fn request(&self, http: &Client, url: Url) -> RequestBuilder {
        http.get(url).query(&self.query)
    }
}
