//! The parameters of a path, of a query string, or of a form.

use actix_web::HttpRequest;
use url::form_urlencoded;
use uuid::Uuid;

use crate::http::replies::{ApiError, ErrorCode};

/// Names and values, decoded.
pub(crate) struct Parameters(Vec<(String, String)>);

impl Parameters {
    pub(crate) fn of_query(request: &HttpRequest) -> Self {
        Self::parse(request.query_string().as_bytes())
    }

    pub(crate) fn parse(form: &[u8]) -> Self {
        Self(form_urlencoded::parse(form).into_owned().collect())
    }

    /// The first of this name. An empty one is as absent, which is how forms leave a field out.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.of_name(name).find(|value| !value.is_empty())
    }

    /// The same; empty if there is none.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default()
    }

    pub(crate) fn is_repeated(&self, name: &str) -> bool {
        self.of_name(name).nth(1).is_some()
    }

    /// All names, as often as they are given.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    fn of_name(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

extractor!(Parameters, |request| Ok(Self::of_query(request)));

/// `{id}` of the path. Where no UUID stands, nothing can be found.
pub(crate) struct PathId(pub(crate) Uuid);

extractor!(PathId, |request| {
    let id = request.match_info().get("id");
    let id = id.and_then(|id| Uuid::try_parse(id).ok());
    id.map(Self)
        .ok_or_else(|| ApiError::new(ErrorCode::NotFound))
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_decoded_and_an_empty_one_is_absent() {
        let parameters = Parameters::parse(b"a=&b=%2B1+2&b=3&c");
        assert_eq!(parameters.get("a"), None);
        assert_eq!(parameters.get("b"), Some("+1 2"));
        assert_eq!(parameters.get("c"), None);
        assert!(parameters.is_repeated("b") && !parameters.is_repeated("a"));
    }
}
