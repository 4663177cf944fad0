//! State, rules, clock, faults, calls.

use std::time::Duration;

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Control, ControlError, done, ok};
use crate::clock::Moment;
use crate::faults::Fault;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .route("/sandbox/state", web::get().to(state))
        .route("/sandbox/policy", web::get().to(policy))
        .route("/sandbox/policy", web::patch().to(patch_policy))
        .route("/sandbox/clock", web::get().to(clock))
        .route("/sandbox/clock", web::post().to(move_clock))
        .route("/sandbox/faults", web::get().to(faults))
        .route("/sandbox/faults", web::post().to(inject))
        .route("/sandbox/faults", web::delete().to(clear_faults))
        .route("/sandbox/faults/{id}", web::delete().to(remove_fault))
        .route("/sandbox/calls", web::get().to(calls))
        .route("/sandbox/calls", web::delete().to(forget_calls));
}

async fn state(control: web::Data<Control>) -> HttpResponse {
    ok(&control.state())
}

async fn policy(control: web::Data<Control>) -> HttpResponse {
    ok(&control.policy())
}

async fn patch_policy(
    control: web::Data<Control>,
    patch: web::Json<Value>,
) -> Result<HttpResponse, ControlError> {
    control.patch_policy(patch.into_inner())?;
    Ok(ok(&control.policy()))
}

async fn clock(control: web::Data<Control>) -> HttpResponse {
    ok(&json!({"now_ms": control.now()}))
}

/// Either or both; the clock is set first.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockMove {
    #[serde(default)]
    set_ms: Option<Moment>,
    #[serde(default)]
    advance_s: u64,
}

async fn move_clock(control: web::Data<Control>, by: web::Json<ClockMove>) -> HttpResponse {
    if let Some(to) = by.set_ms {
        control.set_clock(to);
    }
    control.advance(Duration::from_secs(by.advance_s));
    clock(control).await
}

async fn faults(control: web::Data<Control>) -> HttpResponse {
    ok(&control.faults())
}

async fn inject(control: web::Data<Control>, fault: web::Json<Fault>) -> HttpResponse {
    ok(&json!({"id": control.inject(fault.into_inner())}))
}

async fn clear_faults(control: web::Data<Control>) -> HttpResponse {
    control.clear_faults();
    done()
}

async fn remove_fault(
    control: web::Data<Control>,
    id: web::Path<u64>,
) -> Result<HttpResponse, ControlError> {
    control.remove_fault(*id)?;
    Ok(done())
}

#[derive(Deserialize)]
struct After {
    #[serde(default)]
    after: u64,
}

async fn calls(control: web::Data<Control>, wanted: web::Query<After>) -> HttpResponse {
    ok(&control.calls_after(wanted.after))
}

async fn forget_calls(control: web::Data<Control>) -> HttpResponse {
    control.forget_calls();
    done()
}
