//! What the page needs at its start. It is no list of apps as `/sandbox/apps` is: no secret is in it.

use actix_web::{HttpResponse, web};
use serde::Serialize;

use crate::state::World;

/// So many users are offered; load tests make thousands.
const USERS: usize = 200;

#[derive(Serialize)]
struct Start {
    /// The backend's address.
    service: Option<String>,
    apps: Vec<App>,
    users: Vec<User>,
}

#[derive(Serialize)]
struct App {
    app_id: String,
    name: String,
}

#[derive(Serialize)]
struct User {
    name: String,
    nick_name: String,
}

pub(super) async fn show(world: web::Data<World>) -> HttpResponse {
    let directory = world.directory();
    let apps = directory.apps().map(|app| App {
        app_id: app.id.to_string(),
        name: app.config.name.clone(),
    });
    let users = directory.users().into_iter();
    let users = users.take(USERS).map(|user| User {
        name: user.name.to_string(),
        nick_name: user.config.profile.nick_name.clone(),
    });
    HttpResponse::Ok().json(Start {
        service: world.service.as_ref().map(ToString::to_string),
        apps: apps.collect(),
        users: users.collect(),
    })
}
