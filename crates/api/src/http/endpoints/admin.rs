//! `/admin`: the support desk, for holders of an API key.

mod audit;
mod bans;
mod merges;
mod phone_query;
mod push;
mod user_actions;
mod users;

use actix_web::Route;
use actix_web::web::{ServiceConfig, delete, get, post};
use utoipa::OpenApi;

use crate::http::routes::{HttpState, resource};

/// What the desk's handlers say of themselves.
#[derive(OpenApi)]
#[openapi(paths(
    users::list,
    users::show,
    user_actions::delete_user,
    user_actions::disable,
    user_actions::enable,
    user_actions::end_sessions,
    merges::list,
    merges::apply,
    merges::dismiss,
    bans::list,
    bans::lift,
    audit::list,
    push::list,
    push::retry,
))]
pub(crate) struct Api;

/// Adds the desk's paths. Without any API key there is no desk, and so nothing at these paths.
pub(crate) fn configure(routes: &mut ServiceConfig, state: &HttpState) {
    if state.api_keys.is_empty() {
        return;
    }
    let user = [
        get().to(users::show),
        delete().to(user_actions::delete_user),
    ];
    routes
        .service(resource("/admin/users", "GET", [get().to(users::list)]))
        .service(resource("/admin/users/{id}", "GET, DELETE", user))
        .service(resource("/admin/merges", "GET", [get().to(merges::list)]))
        .service(resource("/admin/bans", "GET", [get().to(bans::list)]))
        .service(resource(
            "/admin/bans/{id}",
            "DELETE",
            [delete().to(bans::lift)],
        ))
        .service(resource("/admin/audit", "GET", [get().to(audit::list)]))
        .service(resource("/admin/push", "GET", [get().to(push::list)]))
        .service(resource(
            "/admin/push/{id}/retry",
            "POST",
            [post().to(push::retry)],
        ));
    let post_actions: [(&str, Route); 4] = [
        (
            "/admin/users/{id}/disable",
            post().to(user_actions::disable),
        ),
        ("/admin/users/{id}/enable", post().to(user_actions::enable)),
        ("/admin/merges/{id}/apply", post().to(merges::apply)),
        ("/admin/merges/{id}/dismiss", post().to(merges::dismiss)),
    ];
    for (path, route) in post_actions {
        routes.service(resource(path, "POST", [route]));
    }
    routes.service(resource(
        "/admin/users/{id}/sessions",
        "DELETE",
        [delete().to(user_actions::end_sessions)],
    ));
}
