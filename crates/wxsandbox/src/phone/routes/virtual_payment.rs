//! `request-virtual-payment`.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Common, phone, reply};
use crate::phone::{PhoneError, VirtualPayment, VirtualPaymentFailure};
use crate::state::World;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.route(
        "/phone/{user}/request-virtual-payment",
        web::post().to(request_virtual_payment),
    );
}

#[derive(Deserialize)]
struct Options {
    /// The user closes the cashier.
    #[serde(default)]
    cancel: bool,
}

async fn request_virtual_payment(
    world: web::Data<World>,
    user: web::Path<String>,
    common: web::Query<Common>,
    options: web::Query<Options>,
    request: web::Json<Map<String, Value>>,
) -> Result<HttpResponse, PhoneError> {
    let phone = phone(&world, &user, &common)?;
    let request = match parse(&request) {
        Ok(request) => request,
        Err(message) => return Ok(failed(1001, &message)),
    };
    let result = if options.cancel {
        phone.cancel_virtual_payment(&request)
    } else {
        phone.request_virtual_payment(&request)
    };
    Ok(match result {
        Ok(()) => reply(&json!({"errMsg": "requestVirtualPayment:ok"})),
        Err(failure @ VirtualPaymentFailure { code, .. }) => failed(code, &failure.to_string()),
    })
}

/// The phone checks the types before it asks WeChat.
fn parse(request: &Map<String, Value>) -> Result<VirtualPayment, String> {
    let text = |name: &str| match request.get(name) {
        Some(Value::String(text)) => Ok(text.clone()),
        other => Err(format!(
            "requestVirtualPayment:fail parameter error: parameter.{name} should be String instead of {};",
            type_of(other)
        )),
    };
    Ok(VirtualPayment {
        mode: text("mode")?,
        sign_data: text("signData")?,
        pay_sig: text("paySig")?,
        signature: text("signature")?,
    })
}

const fn type_of(value: Option<&Value>) -> &'static str {
    match value {
        None => "Undefined",
        Some(Value::Null) => "Null",
        Some(Value::Bool(_)) => "Boolean",
        Some(Value::Number(_)) => "Number",
        Some(Value::String(_)) => "String",
        Some(Value::Array(_)) => "Array",
        Some(Value::Object(_)) => "Object",
    }
}

fn failed(code: i32, message: &str) -> HttpResponse {
    reply(&json!({"errMsg": message, "errCode": code, "errno": code}))
}
