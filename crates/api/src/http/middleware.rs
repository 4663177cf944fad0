//! Middleware: the steps of every request.

pub(crate) mod body;
pub(crate) mod cors;
pub(crate) mod frame;
pub(crate) mod load_shed;
pub(crate) mod names;
pub(crate) mod request_span;
pub(crate) mod sandbox_guard;
pub(crate) mod unfinished;
