//! WeChat's server API: one file per call, and the gate all of them come through.

mod answer;
mod api;
mod call;
mod code2session;
mod gate;

pub(crate) use self::gate::gate;
use self::{answer::Answer, api::Api, call::Call};
use crate::{
    errors::{Errcode, WxError},
    state::World,
};

/// Answers a call as WeChat would.
fn dispatch(world: &World, call: &Call<'_>) -> Result<Answer, WxError> {
    match call.api {
        Some(Api::Code2Session) => code2session::answer(world, call),
        None => Err(Errcode::InvalidUrl.into()),
    }
}
