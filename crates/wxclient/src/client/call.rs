//! A request to WeChat, before it is sent.

use std::sync::Arc;

use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE};
use reqwest::{Client, Method, RequestBuilder, Url};
use serde_json::{Map, Value};

use crate::api::Api;
use crate::error::Fault;
use crate::security::ApiSecurity;

/// When a call may be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// It spends a code or changes something: again only if WeChat certainly did not take it.
    IfCertainlyNotTaken,
    /// It only reads, or asks for a token: again after any fault of the network.
    Freely,
}

/// One call. It holds secrets, so it has no `Debug`.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) api: Api,
    pub(crate) repeat: Repeat,
    method: Method,
    access_token: Option<(&'static str, String)>,
    query: Vec<(&'static str, String)>,
    body: Option<Map<String, Value>>,
    pub(super) security: Option<Arc<ApiSecurity>>,
}

impl Call {
    pub(crate) const fn get(api: Api, repeat: Repeat) -> Self {
        Self::new(Method::GET, api, repeat)
    }

    /// A POST. Without a [`body`](Self::body), an empty one is sent.
    pub(crate) const fn post(api: Api, repeat: Repeat) -> Self {
        Self::new(Method::POST, api, repeat)
    }

    const fn new(method: Method, api: Api, repeat: Repeat) -> Self {
        Self {
            api,
            repeat,
            method,
            access_token: None,
            query: Vec::new(),
            body: None,
            security: None,
        }
    }

    /// Adds the token, under the name the API wants for it.
    pub(crate) fn token(mut self, name: &'static str, token: &str) -> Self {
        self.access_token = Some((name, token.to_owned()));
        self
    }

    pub(crate) fn query(mut self, pairs: &[(&'static str, &str)]) -> Self {
        let pairs = pairs.iter().map(|(key, value)| (*key, (*value).to_owned()));
        self.query.extend(pairs);
        self
    }

    pub(crate) fn body(mut self, fields: &[(&str, Value)]) -> Self {
        let owned = |(key, value): &(&str, Value)| ((*key).to_owned(), value.clone());
        let body = self.body.get_or_insert_default();
        body.extend(fields.iter().map(owned));
        self
    }

    /// Encrypts and signs the request, and expects the same of the answer.
    pub(crate) fn secured(mut self, security: Option<&Arc<ApiSecurity>>) -> Self {
        self.security = security.cloned();
        self
    }

    /// The request, sealed anew for each try.
    pub(super) fn request(&self, http: &Client, url: &Url) -> Result<RequestBuilder, Fault> {
        let request = http
            .request(self.method.clone(), url.clone())
            .query(self.access_token.as_slice());
        if let Some(security) = &self.security {
            let mut fields = self.body.clone().unwrap_or_default();
            for (key, value) in &self.query {
                fields.insert((*key).to_owned(), value.as_str().into());
            }
            let (headers, body) = security.seal(url, fields)?;
            return Ok(with_json(request.headers(headers), body));
        }
        let request = request.query(&self.query);
        Ok(match &self.body {
            // As Display, which a map of strings and numbers cannot fail.
            Some(fields) => with_json(request, Value::Object(fields.clone()).to_string()),
            // hyper leaves the length of an empty body out.
            None if self.method == Method::POST => request.header(CONTENT_LENGTH, 0),
            None => request,
        })
    }
}

/// A body of known length: WeChat's gateway answers HTTP 412 to a chunked one.
fn with_json(request: RequestBuilder, body: String) -> RequestBuilder {
    request.header(CONTENT_TYPE, "application/json").body(body)
}
