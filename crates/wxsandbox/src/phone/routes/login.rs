//! `login`, `check-session`, `prefetch-code`, `prefetch`, `plugin-login`.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::json;

use super::{Common, code_reply, phone, reply};
use crate::phone::{Destination, PhoneError};
use crate::state::World;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .route("/phone/{user}/login", web::route().to(login))
        .route(
            "/phone/{user}/check-session",
            web::route().to(check_session),
        )
        .route(
            "/phone/{user}/prefetch-code",
            web::route().to(prefetch_code),
        )
        .route("/phone/{user}/prefetch", web::route().to(prefetch))
        .route("/phone/{user}/plugin-login", web::route().to(plugin_login));
}

#[derive(Deserialize)]
struct LoginOptions {
    /// Certainly replace the session_key.
    #[serde(default)]
    fresh_key: bool,
}

async fn login(
    world: web::Data<World>,
    user: web::Path<String>,
    common: web::Query<Common>,
    options: web::Query<LoginOptions>,
    request: HttpRequest,
) -> Result<HttpResponse, PhoneError> {
    let phone = phone(&world, &user, &common)?;
    let code = if options.fresh_key {
        phone.login_with_fresh_key()?
    } else {
        phone.login()?
    };
    Ok(code_reply("login", code, &common, &request))
}

async fn check_session(
    world: web::Data<World>,
    user: web::Path<String>,
    common: web::Query<Common>,
) -> Result<HttpResponse, PhoneError> {
    let valid = phone(&world, &user, &common)?.check_session()?;
    let message = if valid {
        "checkSession:ok"
    } else {
        "checkSession:fail session time out"
    };
    Ok(reply(&json!({"errMsg": message, "valid": valid})))
}

async fn prefetch_code(
    world: web::Data<World>,
    user: web::Path<String>,
    common: web::Query<Common>,
    request: HttpRequest,
) -> Result<HttpResponse, PhoneError> {
    let code = phone(&world, &user, &common)?.prefetch_code();
    Ok(code_reply("prefetch", code, &common, &request))
}

async fn prefetch(
    world: web::Data<World>,
    user: web::Path<String>,
    common: web::Query<Common>,
    to: web::Query<Destination>,
) -> Result<HttpResponse, PhoneError> {
    let phone = phone(&world, &user, &common)?;
    Ok(reply(&phone.prefetch(&to).await?))
}

async fn plugin_login(
    world: web::Data<World>,
    user: web::Path<String>,
    common: web::Query<Common>,
    request: HttpRequest,
) -> Result<HttpResponse, PhoneError> {
    let code = phone(&world, &user, &common)?.plugin_login();
    Ok(code_reply("pluginLogin", code, &common, &request))
}
