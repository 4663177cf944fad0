//! A hook for metrics.

use std::time::Duration;

use crate::api::Api;
use crate::error::Fault;

/// Hears of every call, once: after its last try.
///
/// An observer MUST be quick; the call waits for it.
pub trait CallObserver: Send + Sync {
    /// A call of `api` has ended after `took`, waiting and further tries included.
    /// [`Fault::kind`] is a label of few values.
    fn called(&self, api: Api, outcome: Result<(), &Fault>, took: Duration);
}
