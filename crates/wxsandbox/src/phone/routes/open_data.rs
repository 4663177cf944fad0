//! Whatever comes encrypted: `profile`, `phone-number`, `share-info`, `group-enter-info`,
//! `chat-tool-info`, `we-run-data`, and `encrypt` for a payload of one's own.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Common, phone, reply};
use crate::phone::{OpenDataOptions, PhoneError, ProfileKind};
use crate::state::World;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .route("/phone/{user}/profile", web::route().to(profile))
        .route("/phone/{user}/phone-number", web::route().to(phone_number))
        .route("/phone/{user}/share-info", web::route().to(share_info))
        .route(
            "/phone/{user}/group-enter-info",
            web::route().to(group_enter_info),
        )
        .route(
            "/phone/{user}/chat-tool-info",
            web::route().to(chat_tool_info),
        )
        .route("/phone/{user}/we-run-data", web::route().to(we_run_data))
        .route("/phone/{user}/encrypt", web::post().to(encrypt));
}

type Sandbox = web::Data<World>;
type User = web::Path<String>;
type Answer = Result<HttpResponse, PhoneError>;

#[derive(Deserialize)]
struct ProfileOptions {
    #[serde(default)]
    kind: ProfileKind,
}

async fn profile(
    world: Sandbox,
    user: User,
    common: web::Query<Common>,
    profile: web::Query<ProfileOptions>,
    options: web::Query<OpenDataOptions>,
) -> Answer {
    let phone = phone(&world, &user, &common)?;
    Ok(reply(&phone.profile(profile.kind, &options)?))
}

async fn phone_number(
    world: Sandbox,
    user: User,
    common: web::Query<Common>,
    options: web::Query<OpenDataOptions>,
) -> Answer {
    let phone = phone(&world, &user, &common)?;
    Ok(reply(&phone.phone_number(&options)?))
}

#[derive(Deserialize)]
struct GroupOptions {
    /// Any name; the same one gives the same ids.
    #[serde(default = "family")]
    group: String,
}

fn family() -> String {
    "family".to_owned()
}

async fn share_info(
    world: Sandbox,
    user: User,
    common: web::Query<Common>,
    of: web::Query<GroupOptions>,
    options: web::Query<OpenDataOptions>,
) -> Answer {
    let phone = phone(&world, &user, &common)?;
    Ok(reply(&phone.share_info(&of.group, &options)?))
}

async fn group_enter_info(
    world: Sandbox,
    user: User,
    common: web::Query<Common>,
    of: web::Query<GroupOptions>,
    options: web::Query<OpenDataOptions>,
) -> Answer {
    let phone = phone(&world, &user, &common)?;
    Ok(reply(&phone.group_enter_info(&of.group, &options)?))
}

async fn chat_tool_info(
    world: Sandbox,
    user: User,
    common: web::Query<Common>,
    of: web::Query<GroupOptions>,
    options: web::Query<OpenDataOptions>,
) -> Answer {
    let phone = phone(&world, &user, &common)?;
    Ok(reply(&phone.chat_tool_info(&of.group, &options)?))
}

async fn we_run_data(
    world: Sandbox,
    user: User,
    common: web::Query<Common>,
    options: web::Query<OpenDataOptions>,
) -> Answer {
    let phone = phone(&world, &user, &common)?;
    Ok(reply(&phone.we_run_data(&options)?))
}

async fn encrypt(
    world: Sandbox,
    user: User,
    common: web::Query<Common>,
    options: web::Query<OpenDataOptions>,
    payload: web::Json<Map<String, Value>>,
) -> Answer {
    let phone = phone(&world, &user, &common)?;
    Ok(reply(&phone.encrypt(payload.into_inner(), &options)?))
}
