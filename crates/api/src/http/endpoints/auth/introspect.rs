//! `POST /auth/introspect`: OAuth 2.0 Token Introspection (RFC 7662).

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use domain::access::{AccessError, AccessService};
use domain::ports::TokenError;
use domain::secret::AccessToken;
use serde::Serialize;
use serde_json::json;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};
use uuid::Uuid;

use super::client;
use super::client::HeaderCredentials;
use crate::http::endpoint::endpoints;
use crate::http::extractors::json_object::media_type;
use crate::http::extractors::{Parameters, RawBody};
use crate::http::replies::{ApiError, ErrorCode};
use crate::tokens::{Claims, JwtTokenIssuer};

endpoints! { introspect; }

/// The answer (RFC 7662, section 2.2): the token's claims, if it is good.
#[derive(Serialize)]
struct Introspection {
    active: bool,
    #[serde(flatten)]
    claims: Option<Claims>,
    /// The user, as in `sub`: Django OAuth Toolkit reads only this.
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_type: Option<&'static str>,
}

impl ToSchema for Introspection {}

impl PartialSchema for Introspection {
    /// The claims are there or not, all of them. `aud` is one as text, several as a list.
    fn schema() -> RefOr<Schema> {
        let (text, number) = (json!({"type": "string"}), json!({"type": "integer"}));
        let schema = json!({
            "type": "object",
            "required": ["active"],
            "properties": {
                "active": {"type": "boolean"},
                "iss": text, "sub": text, "jti": text, "sid": text, "app": text, "username": text,
                "token_type": text,
                "aud": {"oneOf": [text, {"type": "array", "items": text}]},
                "iat": number, "exp": number, "gen": number,
            },
        });
        RefOr::T(serde_json::from_value(schema).unwrap_or_default())
    }
}

/// The form (RFC 7662, section 2.1).
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the form, which is read by hand")]
struct IntrospectionForm {
    /// The access token.
    #[schema(min_length = 1)]
    token: String,
    /// Ignored.
    #[schema(nullable = false)]
    token_type_hint: Option<String>,
    /// The API key's name, for clients that send no `Authorization`.
    #[schema(nullable = false)]
    client_id: Option<String>,
    /// The API key.
    #[schema(nullable = false)]
    client_secret: Option<String>,
}

/// Say whether an access token is good (RFC 7662)
#[utoipa::path(
    post,
    path = "/auth/introspect",
    request_body(content = IntrospectionForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "Its claims, if it is good.", body = Introspection)),
    security(("apiKey" = []), ("apiKeyByName" = []), ()),
)]
async fn introspect(
    by_header: HeaderCredentials,
    request: HttpRequest,
    RawBody(body): RawBody,
    access: Data<AccessService>,
    tokens: Data<JwtTokenIssuer>,
) -> Result<HttpResponse, ApiError> {
    let is_form = says_form(&request);
    let form = Parameters::parse(if is_form { &body } else { b"" });
    if !by_header.has_proven {
        client::prove_by_form(&request, &form)?;
    }
    if !is_form {
        return Err(ApiError::new(ErrorCode::UnsupportedMediaType)
            .saying("请求体必须是 application/x-www-form-urlencoded"));
    }
    let token = token(&form)?;
    let claims = match access.account(&token).await {
        Ok(_) => tokens.claims(&token, access.clock.now()).ok(),
        Err(
            AccessError::Token(TokenError::Invalid | TokenError::Expired)
            | AccessError::SessionRevoked,
        ) => None,
        Err(error @ (AccessError::Token(TokenError::NoKey) | AccessError::Storage(_))) => {
            return Err(error.into());
        }
    };
    Ok(HttpResponse::Ok().json(Introspection {
        active: claims.is_some(),
        username: claims.as_ref().map(|claims| claims.sub),
        token_type: claims.is_some().then_some("Bearer"),
        claims,
    }))
}

fn token(form: &Parameters) -> Result<AccessToken, ApiError> {
    if form.is_repeated("token") {
        return Err(ApiError::invalid("参数 token 重复"));
    }
    let token = form.get("token");
    let token = token.ok_or_else(|| ApiError::invalid("缺少参数 token"))?;
    Ok(AccessToken::new(token))
}

fn says_form(request: &HttpRequest) -> bool {
    let kind = media_type(request);
    let is_form = kind.as_deref() == Some("application/x-www-form-urlencoded");
    is_form && !request.headers().contains_key(header::CONTENT_ENCODING)
}
