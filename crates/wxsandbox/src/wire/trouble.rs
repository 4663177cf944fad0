//! Carries out the faults that strike a call.

use std::time::Duration;

use actix_web::http::StatusCode;
use serde_json::{Map, Value};

use super::reply::Ending;
use super::{Answer, Call, Reply, access};
use crate::errors::WxError;
use crate::faults::FaultEffect;
use crate::state::World;
use crate::state::faults::Strike;

/// What a gateway in trouble sends.
const HTML: &str = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n";

/// The faults that strike one call.
pub(super) struct Plan(Vec<Strike>);

impl Plan {
    pub(super) fn for_call(world: &World, call: &Call<'_>) -> Self {
        if world.faults().is_empty() {
            return Self(Vec::new());
        }
        let app_id = access::app_id_of(world, call);
        Self(world.faults().strike(call.api, app_id.as_deref()))
    }

    pub(super) fn names(&self) -> Vec<String> {
        let names = self.0.iter().filter_map(|strike| name(&strike.effect));
        names.collect()
    }

    /// Waits out the delays that come before the work, or those after it.
    pub(super) async fn wait(&self, worked: bool) {
        for strike in self.0.iter().filter(|strike| strike.consume == worked) {
            if let FaultEffect::Delay { ms } = strike.effect {
                tokio::time::sleep(Duration::from_millis(ms)).await;
            }
        }
    }

    /// The work's reply with its faults, or another reply in its place.
    pub(super) fn carry_out(
        &self,
        world: &World,
        call: &Call<'_>,
        work: impl FnOnce() -> Reply,
    ) -> Reply {
        let instead = self.0.iter().find(|strike| replaces(&strike.effect));
        let mut reply = match instead {
            Some(strike) if strike.consume => instead_of(work(), world, call, &strike.effect),
            Some(strike) => {
                let blank = Reply::of(world, call, Ok(Answer::ok()));
                instead_of(blank, world, call, &strike.effect)
            }
            None => work(),
        };
        for strike in &self.0 {
            disfigure(&mut reply, &strike.effect);
        }
        reply
    }
}

fn name(effect: &FaultEffect) -> Option<String> {
    let value = serde_json::to_value(effect).ok()?;
    Some(value.get("effect")?.as_str()?.to_owned())
}

const fn replaces(effect: &FaultEffect) -> bool {
    matches!(
        effect,
        FaultEffect::Errcode { .. }
            | FaultEffect::Hang
            | FaultEffect::Reset
            | FaultEffect::Html { .. }
            | FaultEffect::Redirect { .. }
            | FaultEffect::Body { .. }
    )
}

fn instead_of(mut reply: Reply, world: &World, call: &Call<'_>, effect: &FaultEffect) -> Reply {
    match effect {
        FaultEffect::Errcode { code, errmsg } => {
            let error = match errmsg {
                Some(errmsg) => WxError::new(*code, errmsg.clone()),
                None => WxError::of_code(*code),
            };
            return Reply::of(world, call, Err(error));
        }
        FaultEffect::Hang => reply.ending = Ending::Hang,
        FaultEffect::Reset => reply.ending = Ending::Reset,
        FaultEffect::Html { status } => {
            reply.status = status_of(*status);
            "text/html".clone_into(&mut reply.content_type);
            HTML.clone_into(&mut reply.body);
        }
        FaultEffect::Redirect { location } => {
            reply.status = StatusCode::FOUND;
            reply.headers.push(("Location", location.clone()));
            reply.body.clear();
        }
        FaultEffect::Body {
            body,
            status,
            content_type,
        } => {
            reply.status = status_of(*status);
            reply.content_type.clone_from(content_type);
            reply.body.clone_from(body);
        }
        _ => {}
    }
    reply
}

fn status_of(number: u16) -> StatusCode {
    StatusCode::from_u16(number).unwrap_or(StatusCode::BAD_GATEWAY)
}

fn disfigure(reply: &mut Reply, effect: &FaultEffect) {
    match effect {
        FaultEffect::HalfBody => reply.ending = Ending::HalfBody,
        FaultEffect::ContentType { value } => reply.content_type.clone_from(value),
        FaultEffect::EscapedSlashes => reply.body = reply.body.replace('/', "\\/"),
        FaultEffect::ErrcodeAsString => edit(reply, |fields| {
            if let Some(code) = fields.get_mut("errcode") {
                *code = Value::String(code.to_string());
            }
        }),
        FaultEffect::ErrcodeZero => edit(reply, |fields| {
            fields.entry("errcode").or_insert_with(|| 0.into());
            fields.entry("errmsg").or_insert_with(|| "ok".into());
        }),
        FaultEffect::ExtraFields => edit(reply, |fields| {
            fields.insert("a_new_field".to_owned(), "of tomorrow".into());
            fields.insert("another".to_owned(), serde_json::json!({"deep": [1, null]}));
        }),
        FaultEffect::WithoutField { field } => edit(reply, |fields| {
            fields.remove(field);
        }),
        _ => {}
    }
}

fn edit(reply: &mut Reply, change: impl FnOnce(&mut Map<String, Value>)) {
    if let Ok(mut fields) = serde_json::from_str(&reply.body) {
        change(&mut fields);
        reply.body = Value::Object(fields).to_string();
    }
}
