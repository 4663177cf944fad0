//! Message push: `/sandbox/apps/{appid}/push…`.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::Value;

use super::{Control, ControlError, ok};
use crate::push::UserDataEvent;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .route("/sandbox/apps/{appid}/push", web::post().to(push))
        .route("/sandbox/apps/{appid}/push/verify", web::post().to(verify))
        .route(
            "/sandbox/apps/{appid}/push/event",
            web::post().to(push_event),
        );
}

async fn verify(
    control: web::Data<Control>,
    app_id: web::Path<String>,
) -> Result<HttpResponse, ControlError> {
    Ok(ok(&control.verify_push(&app_id).await?))
}

async fn push(
    control: web::Data<Control>,
    app_id: web::Path<String>,
    message: web::Json<Value>,
) -> Result<HttpResponse, ControlError> {
    Ok(ok(&control.push(&app_id, &message).await?))
}

#[derive(Deserialize)]
struct EventOf {
    user: String,
    #[serde(flatten)]
    event: UserDataEvent,
}

async fn push_event(
    control: web::Data<Control>,
    app_id: web::Path<String>,
    of: web::Json<EventOf>,
) -> Result<HttpResponse, ControlError> {
    Ok(ok(&control
        .push_event(&app_id, &of.user, &of.event)
        .await?))
}
