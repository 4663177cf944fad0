//! `Authorization: Bearer …` (RFC 6750), and the user of the token, after its verification.

use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, web};
use domain::access::AccessService;
use domain::secret::AccessToken;
use domain::session::SessionAccount;
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;

use crate::http::replies::{ApiError, ErrorCode};

/// Session, user and identity of the caller. Asking for it is what makes an endpoint one for
/// logged-in users.
pub(crate) struct Who(pub(crate) Arc<SessionAccount>);

impl FromRequest for Who {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let token = bearer(request);
        let access = request.app_data::<web::Data<AccessService>>().cloned();
        async move {
            let token = token?;
            let access = access.ok_or_else(|| ApiError::new(ErrorCode::Internal))?;
            Ok(Self(access.account(&token).await?))
        }
        .boxed_local()
    }
}

/// The token a request came with, unproven.
pub(crate) fn bearer(request: &HttpRequest) -> Result<AccessToken, ApiError> {
    token(request).ok_or_else(|| ApiError::new(ErrorCode::TokenMissing))
}

fn token(request: &HttpRequest) -> Option<AccessToken> {
    let value = request.headers().get(header::AUTHORIZATION)?;
    let value = std::str::from_utf8(value.as_bytes()).ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then(|| AccessToken::new(token))
}
