//! Apps: `/sandbox/apps`, their tokens, secrets and addresses.

use std::net::IpAddr;

use actix_web::{HttpResponse, web};
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Control, ControlError, done, ok};
use crate::config::AppConfig;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .route("/sandbox/apps", web::get().to(list))
        .route("/sandbox/apps", web::post().to(put))
        .route("/sandbox/apps/{appid}", web::patch().to(patch))
        .route(
            "/sandbox/apps/{appid}/reset-secret",
            web::post().to(reset_secret),
        )
        .route(
            "/sandbox/apps/{appid}/revoke-tokens",
            web::post().to(revoke_tokens),
        )
        .route(
            "/sandbox/apps/{appid}/cloud-token",
            web::post().to(cloud_token),
        )
        .route("/sandbox/apps/{appid}/answer-ip", web::post().to(answer_ip))
        .route(
            "/sandbox/components/{component}/{appid}",
            web::get().to(component_keys),
        )
        .route("/sandbox/platform-public-key", web::get().to(platform_key));
}

async fn list(control: web::Data<Control>) -> HttpResponse {
    ok(&control.apps())
}

async fn put(
    control: web::Data<Control>,
    app: web::Json<AppConfig>,
) -> Result<HttpResponse, ControlError> {
    control.put_app(app.into_inner())?;
    Ok(done())
}

async fn patch(
    control: web::Data<Control>,
    app_id: web::Path<String>,
    patch: web::Json<Value>,
) -> Result<HttpResponse, ControlError> {
    control.patch_app(&app_id, patch.into_inner())?;
    Ok(done())
}

async fn reset_secret(
    control: web::Data<Control>,
    app_id: web::Path<String>,
) -> Result<HttpResponse, ControlError> {
    let secret = control.reset_secret(&app_id)?;
    Ok(ok(&json!({"secret": secret.expose_secret()})))
}

async fn revoke_tokens(
    control: web::Data<Control>,
    app_id: web::Path<String>,
) -> Result<HttpResponse, ControlError> {
    control.revoke_tokens(&app_id)?;
    Ok(done())
}

async fn cloud_token(
    control: web::Data<Control>,
    app_id: web::Path<String>,
) -> Result<HttpResponse, ControlError> {
    let token = control.cloud_token(&app_id)?;
    Ok(ok(
        &json!({"cloudbase_access_token": token.expose_secret()}),
    ))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IpAnswer {
    ip: IpAddr,
    agreed: bool,
}

async fn answer_ip(
    control: web::Data<Control>,
    app_id: web::Path<String>,
    answer: web::Json<IpAnswer>,
) -> Result<HttpResponse, ControlError> {
    control.answer_ip(&app_id, answer.ip, answer.agreed)?;
    Ok(done())
}

async fn component_keys(
    control: web::Data<Control>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, ControlError> {
    let (component, app_id) = path.into_inner();
    let keys = control.component_keys(&component, &app_id)?;
    Ok(ok(&json!({
        "component_verify_ticket": keys.verify_ticket.expose_secret(),
        "authorizer_refresh_token": keys.authorizer_refresh_token.expose_secret(),
    })))
}

async fn platform_key(control: web::Data<Control>) -> Result<HttpResponse, ControlError> {
    let pem = control.platform_public_key()?;
    Ok(HttpResponse::Ok().content_type("text/plain").body(pem))
}
