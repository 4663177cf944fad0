//! `GET /.well-known/jwks.json`, `/.well-known/openid-configuration` and
//! `/.well-known/oauth-authorization-server`: where other backends find what they need to verify tokens
//! (RFC 7517, RFC 8414, OpenID Connect Discovery 1.0).

use actix_web::web::{Data, Json};
use serde::Serialize;
use url::Url;
use utoipa::ToSchema;
use wxsandbox::is_loopback;

use crate::http::endpoint::endpoints;
use crate::http::replies::{ApiError, ErrorCode};
use crate::tokens::{JwkSet, JwtTokenIssuer};

endpoints! {
    show_keys;
    show_openid_configuration: [NotFound];
    show_authorization_server: [NotFound];
}

/// Hand out the public keys, to verify tokens offline
#[utoipa::path(
    get,
    path = "/.well-known/jwks.json",
    responses((status = 200, description = "The key set (RFC 7517), bare.", body = JwkSet)),
)]
async fn show_keys(tokens: Data<JwtTokenIssuer>) -> Result<Json<JwkSet>, ApiError> {
    Ok(Json(tokens.keys_to_show()?.public()))
}

/// The metadata, bare. Members that both documents require have the values that Kubernetes gives them,
/// whose service accounts have no authorization endpoint either.
#[derive(Serialize, ToSchema)]
pub(crate) struct Metadata {
    /// `tokens.issuer`, letter for letter.
    issuer: String,
    jwks_uri: String,
    introspection_endpoint: String,
    introspection_endpoint_auth_methods_supported: [&'static str; 2],
    response_types_supported: [&'static str; 1],
    subject_types_supported: [&'static str; 1],
    /// The algorithms of the published keys, the one that signs first.
    id_token_signing_alg_values_supported: Vec<&'static str>,
}

/// Say where the public keys and introspection are (OpenID Connect Discovery)
#[utoipa::path(
    get,
    path = "/.well-known/openid-configuration",
    responses((status = 200, description = "The metadata, bare.", body = Metadata)),
)]
async fn show_openid_configuration(
    tokens: Data<JwtTokenIssuer>,
) -> Result<Json<Metadata>, ApiError> {
    metadata(&tokens)
}

/// Say where the public keys and introspection are (RFC 8414)
#[utoipa::path(
    get,
    path = "/.well-known/oauth-authorization-server",
    responses((status = 200, description = "The metadata, bare.", body = Metadata)),
)]
async fn show_authorization_server(
    tokens: Data<JwtTokenIssuer>,
) -> Result<Json<Metadata>, ApiError> {
    metadata(&tokens)
}

fn metadata(tokens: &JwtTokenIssuer) -> Result<Json<Metadata>, ApiError> {
    let issuer = tokens.issuer();
    if !is_published(issuer) {
        return Err(ApiError::new(ErrorCode::NotFound));
    }
    let below = |path| format!("{}{path}", issuer.trim_end_matches('/'));
    let algorithms = tokens.keys_to_show()?.algorithms();
    Ok(Json(Metadata {
        issuer: issuer.to_owned(),
        jwks_uri: below("/.well-known/jwks.json"),
        introspection_endpoint: below("/auth/introspect"),
        introspection_endpoint_auth_methods_supported: [
            "client_secret_basic",
            "client_secret_post",
        ],
        response_types_supported: ["id_token"],
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: algorithms
            .into_iter()
            .map(domain::ports::SigningAlgorithm::as_str)
            .collect(),
    }))
}

/// Whether the issuer is one that metadata can be found by (RFC 8414, section 2): an https URL without
/// query and fragment, or, for development, an http one of this machine.
fn is_published(issuer: &str) -> bool {
    let Ok(url) = Url::parse(issuer) else {
        return false;
    };
    let is_safe = url.scheme() == "https" || url.scheme() == "http" && is_loopback(&url);
    is_safe && url.has_host() && url.query().is_none() && url.fragment().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_for_issuers_that_are_https_or_local_urls() {
        for issuer in [
            "https://login.example.com",
            "https://example.com/login/",
            "http://127.0.0.1:5000",
            "http://localhost:5000",
            "http://[::1]:5000",
        ] {
            assert!(is_published(issuer), "{issuer}");
        }
        for issuer in [
            "wxlogin",
            "",
            "http://login.example.com",
            "ftp://127.0.0.1",
            "urn:wxlogin",
            "https://example.com/?tenant=1",
            "https://example.com/#part",
            "http://127.0.0.1.example.com",
        ] {
            assert!(!is_published(issuer), "{issuer}");
        }
    }
}
