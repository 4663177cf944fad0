//! A call as it arrived.

use actix_web::http::Method;
use url::form_urlencoded;

use super::Api;
use crate::clock::Moment;

pub(crate) struct Call<'a> {
    pub(crate) api: Option<Api>,
    pub(crate) method: &'a Method,
    pub(crate) path: &'a str,
    pub(crate) query: Query,
    pub(crate) now: Moment,
}

impl Call<'_> {
    /// Calls under `/sns/` have their own manners: `text/plain`, a comma before the rid.
    pub(crate) fn under_sns(&self) -> bool {
        self.path.starts_with("/sns/")
    }
}

/// The query of a URL, decoded.
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub(crate) fn parse(text: &str) -> Self {
        Self(
            form_urlencoded::parse(text.as_bytes())
                .into_owned()
                .collect(),
        )
    }

    /// The first value of that name; an empty one counts as missing, as at WeChat.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let mut pairs = self.0.iter();
        let (_, value) = pairs.find(|(key, _)| key == name)?;
        (!value.is_empty()).then_some(value)
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
