//! `GET /wechat/events/{appId}`: WeChat's console verifies the address.

use actix_web::http::header::ContentType;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::inbox::PushInboxes;
use crate::http::endpoint::{Endpoint, endpoint};
use crate::http::extractors::Parameters;
use crate::http::replies::ApiError;

pub(crate) const ENDPOINTS: &[Endpoint] = &[endpoint!(verify_push_address, [Forbidden])];

/// Let WeChat check the address
#[utoipa::path(
    get,
    path = "/wechat/events/{appId}",
    params(
        ("appId" = String, Path, description = "The app."),
        ("signature" = Option<String>, Query, description = "WeChat's, over the token, timestamp and nonce."),
        ("timestamp" = Option<String>, Query, description = "Unix seconds."),
        ("nonce" = Option<String>, Query, description = "Random."),
        ("echostr" = String, Query, description = "What to answer.")
    ),
    responses((status = 200, description = "The `echostr`, bare.", body = String, content_type = "text/plain")),
)]
async fn verify_push_address(
    request: HttpRequest,
    query: Parameters,
    inboxes: Data<PushInboxes>,
) -> Result<HttpResponse, ApiError> {
    let inbox = inboxes.named_in(&request)?;
    inbox.verify(&request)?;
    let echo = query.get("echostr");
    let echo = echo.ok_or_else(|| ApiError::invalid("缺少参数 echostr"))?;
    Ok(HttpResponse::Ok()
        .content_type(ContentType::plaintext())
        .body(echo.to_owned()))
}
