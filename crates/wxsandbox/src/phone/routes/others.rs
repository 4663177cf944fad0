//! `user-key`, `pay`, `invoice`, `invoice-title`.

use actix_web::{HttpResponse, web};

use super::{Common, phone, reply};
use crate::phone::PhoneError;
use crate::state::World;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .route("/phone/{user}/user-key", web::route().to(user_key))
        .route("/phone/{user}/pay", web::route().to(pay))
        .route("/phone/{user}/invoice", web::route().to(invoice))
        .route(
            "/phone/{user}/invoice-title",
            web::route().to(invoice_title),
        );
}

async fn user_key(
    world: web::Data<World>,
    user: web::Path<String>,
    common: web::Query<Common>,
) -> Result<HttpResponse, PhoneError> {
    let phone = phone(&world, &user, &common)?;
    Ok(reply(&phone.latest_user_key()?))
}

async fn pay(
    world: web::Data<World>,
    user: web::Path<String>,
    common: web::Query<Common>,
) -> Result<HttpResponse, PhoneError> {
    Ok(reply(&phone(&world, &user, &common)?.pay()))
}

async fn invoice(
    world: web::Data<World>,
    user: web::Path<String>,
    common: web::Query<Common>,
) -> Result<HttpResponse, PhoneError> {
    Ok(reply(&phone(&world, &user, &common)?.choose_invoice()))
}

async fn invoice_title(
    world: web::Data<World>,
    user: web::Path<String>,
    common: web::Query<Common>,
) -> Result<HttpResponse, PhoneError> {
    Ok(reply(
        &phone(&world, &user, &common)?.choose_invoice_title(),
    ))
}
