//! The user whom WeChat's cloud hosting (微信云托管) names in headers, if the operator says that
//! its gateway stands before this service.

use actix_web::{HttpRequest, web};
use domain::app::AppDirectory;
use domain::login::NamedUser;
use wxclient::cloud::cloud_identity;

use crate::http::replies::{ApiError, ErrorCode};

/// Whether the gateway's headers are believed. Anywhere else anyone can send them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gateway {
    pub(crate) is_believed: bool,
}

/// Whether the request came over WeChat's own link: the gateway marks it with `X-WX-SOURCE` and
/// takes away one that a caller forged. Never true where there is no gateway.
pub(crate) fn is_over_wechats_link(request: &HttpRequest) -> bool {
    let is_believed = request
        .app_data::<web::Data<Gateway>>()
        .is_some_and(|gateway| gateway.is_believed);
    let source = request.headers().get("x-wx-source");
    is_believed && source.is_some_and(|source| !source.is_empty())
}

/// The user the gateway names; `None` without a gateway, or if the call came past it.
pub(crate) fn named_user(
    request: &HttpRequest,
    apps: &AppDirectory,
) -> Result<Option<NamedUser>, ApiError> {
    if !is_over_wechats_link(request) {
        return Ok(None);
    }
    let header = |name: &str| request.headers().get(name)?.to_str().ok();
    let Some(identity) = cloud_identity(header) else {
        return Ok(None);
    };
    let app = apps.find(identity.app_id.as_str());
    let app = app.ok_or_else(|| ApiError::new(ErrorCode::UnknownApp))?;
    Ok(Some(NamedUser {
        app: app.clone(),
        open_id: identity.open_id,
        union_id: identity.union_id,
    }))
}
