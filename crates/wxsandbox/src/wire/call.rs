//! A call as it arrived.

use std::borrow::Cow;
use std::net::IpAddr;

use actix_web::http::Method;
use actix_web::http::header::HeaderMap;
use actix_web::web::Bytes;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::form_urlencoded;

use crate::api::Api;
use crate::clock::Moment;
use crate::errors::{Errcode, WxError};

pub(crate) struct Call<'a> {
    pub(crate) api: Option<Api>,
    pub(crate) method: &'a Method,
    pub(crate) path: &'a str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) peer: IpAddr,
    pub(crate) now: Moment,
    pub(crate) query: Query<'a>,
    pub(crate) body: Bytes,
}

impl Call<'_> {
    /// Calls under `/sns/` have their own manners: `text/plain`, a comma before the rid.
    pub(crate) fn under_sns(&self) -> bool {
        self.path.starts_with("/sns/")
    }

    pub(crate) fn require(&self, method: &Method) -> Result<(), WxError> {
        if self.method == method {
            Ok(())
        } else if method == Method::GET {
            Err(Errcode::RequireGet.into())
        } else {
            Err(Errcode::RequirePost.into())
        }
    }

    /// The body as JSON, independent of its content type.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, WxError> {
        if self.body.is_empty() {
            return Err(Errcode::EmptyBody.into());
        }
        serde_json::from_slice(&self.body).map_err(|_| Errcode::BadJson.into())
    }

    /// The appid a call names itself, without looking at tokens.
    pub(crate) fn named_app_id(&self) -> Option<String> {
        if let Some(app_id) = self.query.get("appid") {
            return Some(app_id.to_owned());
        }
        let body: Value = serde_json::from_slice(&self.body).ok()?;
        Some(body.get("appid")?.as_str()?.to_owned())
    }
}

/// The query of a URL, decoded.
#[derive(Clone, Debug)]
pub(crate) struct Query<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Query<'a> {
    pub(crate) fn parse(text: &'a str) -> Self {
        Self(form_urlencoded::parse(text.as_bytes()).collect())
    }

    /// The first value of that name; an empty one counts as missing, as at WeChat.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let mut pairs = self.0.iter();
        let (_, value) = pairs.find(|(key, _)| key == name)?;
        (!value.is_empty()).then_some(value)
    }
}

impl FromIterator<(String, String)> for Query<'_> {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        let owned = |(name, value)| (Cow::Owned(name), Cow::Owned(value));
        Self(pairs.into_iter().map(owned).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_parameter_counts_as_missing() {
        let query = Query::parse("a=&b=x%2By&b=second");
        assert_eq!(query.get("a"), None);
        assert_eq!(query.get("b"), Some("x+y"));
        assert_eq!(query.get("c"), None);
    }
}
