//! `GET /.well-known/jwks.json`: the public keys, for offline verification of tokens.

use actix_web::web::{Data, Json};

use crate::http::endpoint::{Endpoint, endpoint};
use crate::http::replies::ApiError;
use crate::tokens::{JwkSet, JwtTokenIssuer};

pub(crate) const ENDPOINTS: &[Endpoint] = &[endpoint!(show_keys)];

/// Hand out the public keys, to verify tokens offline
#[utoipa::path(
    get,
    path = "/.well-known/jwks.json",
    responses((status = 200, description = "The key set (RFC 7517), bare.", body = JwkSet)),
)]
async fn show_keys(tokens: Data<JwtTokenIssuer>) -> Result<Json<JwkSet>, ApiError> {
    Ok(Json(tokens.keys_to_show()?.public()))
}
