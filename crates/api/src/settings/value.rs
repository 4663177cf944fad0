//! The kinds of values settings have. Each refuses a bad one with a sentence that begins with
//! `expected` and does not repeat the value.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs};

use actix_web::http::header::{self, HeaderName};
use domain::ports::SigningAlgorithm;
use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::{Deserializer, Error};
use url::Url;

/// Makes a setting of text; says what was expected if `$parse` makes nothing of it.
macro_rules! from_text {
    ($type:ty, $expected:literal, $parse:expr) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let parse: fn(&str) -> Option<Self> = $parse;
                parse(&String::deserialize(deserializer)?)
                    .ok_or_else(|| D::Error::custom(concat!("expected ", $expected)))
            }
        }
    };
}

/// Text that is never shown.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct Secret(SecretString);

impl Secret {
    /// Takes the text as it is.
    pub fn new(text: impl Into<String>) -> Self {
        Self(SecretString::from(text.into()))
    }

    /// The text itself.
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
    pub fn loopback(port: u16) -> Self {
        Self(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
    }
}

impl fmt::Debug for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

from_text!(
    Listen,
    "an address and a port, such as 127.0.0.1:5000",
    |text| { text.to_socket_addrs().ok()?.next().map(Self) }
);

/// The base URL of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpUrl(pub Url);

from_text!(HttpUrl, "a URL such as https://api.weixin.qq.com", |text| {
    let url = http_url(text).filter(|url| url.query().is_none());
    url.map(Self)
});

/// Where messages are posted. What stands behind the host may be a secret, so it is not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct TargetUrl(pub Url);

impl fmt::Debug for TargetUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.origin().ascii_serialization())
    }
}

from_text!(
    TargetUrl,
    "a URL such as https://shop.example.com/wechat",
    |text| http_url(text).map(Self)
);

fn http_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
}

/// A web origin, or `*` for all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CorsOrigin {
    /// `*`
    Any,
    /// Scheme, host and port, as browsers send them in `Origin`.
    Exactly(String),
}

from_text!(
    CorsOrigin,
    "a web origin such as https://shop.example.com, or *",
    |text| {
        if text == "*" {
            return Some(Self::Any);
        }
        let origin = Url::parse(text).ok()?.origin();
        origin
            .is_tuple()
            .then(|| Self::Exactly(origin.ascii_serialization()))
    }
);

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

from_text!(
    CorsHeader,
    "a header's name such as x-trace-id, or *",
    |text| match text {
        "*" => Some(Self::Any),
        name => HeaderName::from_bytes(name.as_bytes())
            .ok()
            .map(Self::Named),
    }
);

/// Networks, where a bare address stands for itself.
pub(super) fn networks<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<IpNet>, D::Error> {
    let parse = |text: &String| {
        let address = || text.parse::<IpAddr>().map(|address| address.to_canonical());
        text.parse().or_else(|_| address().map(IpNet::from))
    };
    let networks: Result<_, _> = Vec::<String>::deserialize(from)?
        .iter()
        .map(parse)
        .collect();
    networks.map_err(|_| D::Error::custom("expected addresses or networks, such as 10.0.0.0/8"))
}

/// The algorithm of the tokens, by its name in JOSE headers.
pub(super) fn algorithm<'de, D: Deserializer<'de>>(from: D) -> Result<SigningAlgorithm, D::Error> {
    let algorithm = SigningAlgorithm::from_name(&String::deserialize(from)?);
    algorithm.ok_or_else(|| D::Error::custom("expected EdDSA, ES256 or RS256"))
}

/// One name as text, or several as a list.
pub(super) fn names<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "expected a text, or a list of texts")]
    enum Names {
        One(String),
        Several(Vec<String>),
    }

    Ok(match Names::deserialize(from)? {
        Names::One(name) => vec![name],
        Names::Several(names) => names,
    })
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
