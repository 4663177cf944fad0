//! The kinds of values settings have. Each refuses a bad one with a sentence that begins with
//! `expected` and does not repeat the value.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr, ToSocketAddrs};

use actix_web::http::header::{self, HeaderName};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::{Deserializer, Error};
use url::Url;

/// Text that is never shown.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct Secret(SecretString);

impl Secret {
    /// Takes the text as it is.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(SecretString::from(text.into()))
    }

    /// The text itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

/// Empty, which no secret may be.
impl Default for Secret {
    fn default() -> Self {
        Self::new("")
    }
}

/// An address and port to listen on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Listen(pub SocketAddr);

impl Listen {
    /// A port that only this machine reaches.
    #[must_use]
    pub fn loopback(port: u16) -> Self {
        Self(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
    }
}

impl fmt::Debug for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> Deserialize<'de> for Listen {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let address = text
            .to_socket_addrs()
            .ok()
            .and_then(|mut found| found.next());
        address.map(Self).ok_or_else(|| {
            D::Error::custom("expected an address and a port, such as 127.0.0.1:5000")
        })
    }
}

/// The base URL of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpUrl(pub Url);

impl<'de> Deserialize<'de> for HttpUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Url::parse(&text)
            .ok()
            .filter(|url| {
                matches!(url.scheme(), "http" | "https") && url.has_host() && url.query().is_none()
            })
            .map(Self)
            .ok_or_else(|| D::Error::custom("expected a URL such as https://api.weixin.qq.com"))
    }
}

/// Where messages are posted. What stands behind the host may be a secret, so it is not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct TargetUrl(pub Url);

impl fmt::Debug for TargetUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.origin().ascii_serialization())
    }
}

impl<'de> Deserialize<'de> for TargetUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Url::parse(&text)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
            .map(Self)
            .ok_or_else(|| {
                D::Error::custom("expected a URL such as https://shop.example.com/wechat")
            })
    }
}

/// A web origin, or `*` for all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CorsOrigin {
    /// `*`
    Any,
    /// Scheme, host and port, as browsers send them in `Origin`.
    Exactly(String),
}

impl<'de> Deserialize<'de> for CorsOrigin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == "*" {
            return Ok(Self::Any);
        }
        let origin = Url::parse(&text)
            .ok()
            .map(|url| url.origin())
            .filter(url::Origin::is_tuple);
        origin
            .map(|origin| Self::Exactly(origin.ascii_serialization()))
            .ok_or_else(|| {
                D::Error::custom("expected a web origin such as https://shop.example.com, or *")
            })
    }
}

/// A request header that a web page may send, or `*` for all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CorsHeader {
    /// `*`
    Any,
    /// One header.
    Named(HeaderName),
}

impl CorsHeader {
    /// What pages send with a token: the headers of axios, fetch and jQuery.
    pub(super) fn usual() -> Vec<Self> {
        vec![
            Self::Named(header::AUTHORIZATION),
            Self::Named(header::CONTENT_TYPE),
            Self::Named(HeaderName::from_static("x-requested-with")),
        ]
    }
}

impl<'de> Deserialize<'de> for CorsHeader {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == "*" {
            return Ok(Self::Any);
        }
        HeaderName::from_bytes(text.as_bytes())
            .map(Self::Named)
            .map_err(|_| D::Error::custom("expected a header's name such as x-trace-id, or *"))
    }
}

/// Networks, where a bare address stands for itself.
pub(super) mod network {
    use std::net::IpAddr;

    use ipnet::IpNet;
    use serde::Deserialize;
    use serde::de::{Deserializer, Error};

    pub(in crate::settings) fn list<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<IpNet>, D::Error> {
        Vec::<String>::deserialize(deserializer)?
            .iter()
            .map(|text| {
                parse(text).ok_or_else(|| {
                    D::Error::custom("expected addresses or networks, such as 10.0.0.0/8")
                })
            })
            .collect()
    }

    fn parse(text: &str) -> Option<IpNet> {
        text.parse::<IpNet>()
            .ok()
            .or_else(|| Some(IpNet::from(text.parse::<IpAddr>().ok()?.to_canonical())))
    }
}

/// The algorithm of the tokens, by its name in JOSE headers.
pub(super) mod algorithm {
    use domain::ports::SigningAlgorithm;
    use serde::Deserialize;
    use serde::de::{Deserializer, Error};

    pub(in crate::settings) fn of_name<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<SigningAlgorithm, D::Error> {
        let name = String::deserialize(deserializer)?;
        SigningAlgorithm::from_name(&name)
            .ok_or_else(|| D::Error::custom("expected EdDSA, ES256 or RS256"))
    }
}

/// One name as text, or several as a list.
pub(super) mod names {
    use serde::de::{Deserializer, Error, SeqAccess, Visitor};

    pub(in crate::settings) fn one_or_several<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<String>, D::Error> {
        deserializer.deserialize_any(OneOrSeveral)
    }

    struct OneOrSeveral;

    impl<'de> Visitor<'de> for OneOrSeveral {
        type Value = Vec<String>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a text, or a list of texts")
        }

        fn visit_str<E: Error>(self, name: &str) -> Result<Vec<String>, E> {
            Ok(vec![name.to_owned()])
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<String>, A::Error> {
            let mut names = Vec::new();
            while let Some(name) = list.next_element()? {
                names.push(name);
            }
            Ok(names)
        }
    }
}

/// A bare key, or `{name, key, scopes}`.
mod api_key {
    use serde::Deserialize;
    use serde::de::value::MapAccessDeserializer;
    use serde::de::{Deserializer, Error, MapAccess, Visitor};

    use super::Secret;
    use crate::settings::{ApiKey, Scope};

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Named {
        name: String,
        key: Secret,
        #[serde(default)]
        scopes: Option<Vec<Scope>>,
    }

    impl<'de> Deserialize<'de> for ApiKey {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_any(BareOrNamed)
        }
    }

    struct BareOrNamed;

    impl<'de> Visitor<'de> for BareOrNamed {
        type Value = ApiKey;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a key, or a table with name, key and scopes")
        }

        fn visit_str<E: Error>(self, key: &str) -> Result<ApiKey, E> {
            Ok(ApiKey {
                name: None,
                key: Secret::new(key),
                scopes: None,
            })
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ApiKey, A::Error> {
            let Named { name, key, scopes } = Named::deserialize(MapAccessDeserializer::new(map))?;
            Ok(ApiKey {
                name: Some(name),
                key,
                scopes,
            })
        }
    }
}
