//! Virtual payment: `/sandbox/apps/{appid}/refund`, `payment-notices`.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::json;

use super::{Control, ControlError, done, ok};

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .route("/sandbox/apps/{appid}/refund", web::post().to(refund))
        .route(
            "/sandbox/apps/{appid}/payment-notices",
            web::get().to(notices),
        )
        .route(
            "/sandbox/apps/{appid}/payment-notices/hurry",
            web::post().to(hurry),
        );
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Refund {
    out_trade_no: String,
    fee: Option<u64>,
}

async fn refund(
    control: web::Data<Control>,
    app_id: web::Path<String>,
    refund: web::Json<Refund>,
) -> Result<HttpResponse, ControlError> {
    control.refund(&app_id, &refund.out_trade_no, refund.fee)?;
    Ok(done())
}

async fn notices(control: web::Data<Control>, app_id: web::Path<String>) -> HttpResponse {
    ok(&control.payment_notices(&app_id))
}

async fn hurry(control: web::Data<Control>, app_id: web::Path<String>) -> HttpResponse {
    ok(&json!({"count": control.hurry_payment_notices(&app_id)}))
}
