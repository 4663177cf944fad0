//! `GET /.well-known/jwks.json`: the public keys, for those who verify tokens offline.

use actix_web::web::{Data, Json};

use crate::tokens::{JwkSet, JwtTokenIssuer};

/// The key set, bare.
pub(super) async fn show(tokens: Data<JwtTokenIssuer>) -> Json<JwkSet> {
    Json(tokens.keys().public())
}
