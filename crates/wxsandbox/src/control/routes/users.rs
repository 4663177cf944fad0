//! Users and what WeChat holds for them: `/sandbox/users`, session keys, codes for load tests.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Control, ControlError, done, ok};
use crate::config::UserConfig;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .route("/sandbox/users", web::get().to(list))
        .route("/sandbox/users", web::post().to(put))
        .route("/sandbox/users/{user}", web::patch().to(patch))
        .route(
            "/sandbox/users/{user}/replace-session-key",
            web::post().to(replace_key),
        )
        .route(
            "/sandbox/users/{user}/expire-session-key",
            web::post().to(expire_key),
        )
        .route("/sandbox/login-codes", web::post().to(login_codes));
}

async fn list(control: web::Data<Control>) -> HttpResponse {
    ok(&control.users())
}

/// A name is enough; the profile is made up then.
async fn put(
    control: web::Data<Control>,
    user: web::Json<UserConfig>,
) -> Result<HttpResponse, ControlError> {
    control.put_user(user.into_inner())?;
    Ok(done())
}

async fn patch(
    control: web::Data<Control>,
    name: web::Path<String>,
    patch: web::Json<Value>,
) -> Result<HttpResponse, ControlError> {
    control.patch_user(&name, patch.into_inner())?;
    Ok(done())
}

#[derive(Deserialize)]
struct InApp {
    /// The first app if absent.
    appid: Option<String>,
}

impl InApp {
    fn app_id(&self, control: &Control) -> Result<String, ControlError> {
        self.appid
            .clone()
            .map_or_else(|| control.first_app_id(), Ok)
    }
}

async fn replace_key(
    control: web::Data<Control>,
    user: web::Path<String>,
    app: web::Query<InApp>,
) -> Result<HttpResponse, ControlError> {
    control.replace_session_key(&user, &app.app_id(&control)?)?;
    Ok(done())
}

async fn expire_key(
    control: web::Data<Control>,
    user: web::Path<String>,
    app: web::Query<InApp>,
) -> Result<HttpResponse, ControlError> {
    control.expire_session_key(&user, &app.app_id(&control)?)?;
    Ok(done())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Codes {
    appid: Option<String>,
    #[serde(default = "load")]
    prefix: String,
    count: u32,
}

fn load() -> String {
    "load".to_owned()
}

async fn login_codes(
    control: web::Data<Control>,
    codes: web::Json<Codes>,
) -> Result<HttpResponse, ControlError> {
    let Codes {
        appid,
        prefix,
        count,
    } = codes.into_inner();
    let app_id = InApp { appid }.app_id(&control)?;
    let codes = control.login_codes(&app_id, &prefix, count)?;
    Ok(ok(&json!({"codes": codes})))
}
