//! The faults in force, and whose turn it is.

use crate::api::Api;
use crate::faults::{Fault, FaultEffect};

#[derive(Default)]
pub(crate) struct Faults {
    next_id: u64,
    active: Vec<Active>,
}

struct Active {
    id: u64,
    fault: Fault,
}

/// What happens to one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Strike {
    pub(crate) effect: FaultEffect,
    pub(crate) consume: bool,
}

impl Faults {
    pub(crate) fn is_empty(&self) -> bool {
        self.active.is_empty()
    }

    pub(crate) fn inject(&mut self, fault: Fault) -> u64 {
        self.next_id += 1;
        let id = self.next_id;
        self.active.push(Active { id, fault });
        id
    }

    /// Those in force, with their ids; `skip` and `times` are what is left.
    pub(crate) fn list(&self) -> Vec<(u64, Fault)> {
        let one = |active: &Active| (active.id, active.fault.clone());
        self.active.iter().map(one).collect()
    }

    /// `false` if there is none of that id.
    pub(crate) fn remove(&mut self, id: u64) -> bool {
        let before = self.active.len();
        self.active.retain(|active| active.id != id);
        self.active.len() < before
    }

    pub(crate) fn clear(&mut self) {
        self.active.clear();
    }

    /// The faults that strike this call, in the order they were injected.
    pub(crate) fn strike(&mut self, api: Option<Api>, app_id: Option<&str>) -> Vec<Strike> {
        let mut strikes = Vec::new();
        for Active { fault, .. } in &mut self.active {
            if !fault.is_about(api, app_id) {
                continue;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            if let Some(left) = &mut fault.times {
                *left = left.saturating_sub(1);
            }
            strikes.push(Strike {
                effect: fault.effect.clone(),
                consume: fault.consume,
            });
        }
        self.active.retain(|active| active.fault.times != Some(0));
        strikes
    }
}

impl Fault {
    fn is_about(&self, api: Option<Api>, app_id: Option<&str>) -> bool {
        (self.api.is_none() || self.api == api)
            && (self.app_id.is_none() || self.app_id.as_deref() == app_id)
            && self.times != Some(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_strikes_its_call_and_app_as_often_as_it_was_told() {
        let mut faults = Faults::default();
        let mut fault = Fault::on(Api::Token, FaultEffect::Reset).times(1);
        fault.skip = 1;
        faults.inject(fault.for_app("wx1"));
        let mut strikes = |api, app| faults.strike(Some(api), Some(app)).len();
        assert_eq!(strikes(Api::Code2Session, "wx1"), 0);
        assert_eq!(strikes(Api::Token, "wx2"), 0);
        assert_eq!(strikes(Api::Token, "wx1"), 0, "the first is spared");
        assert_eq!(strikes(Api::Token, "wx1"), 1);
        assert_eq!(strikes(Api::Token, "wx1"), 0, "once was asked for");
        assert!(faults.is_empty());
    }

    #[test]
    fn faults_can_be_taken_back() {
        let mut faults = Faults::default();
        let id = faults.inject(Fault::on(Api::Token, FaultEffect::Hang));
        assert!(faults.remove(id));
        assert!(!faults.remove(id));
        assert!(faults.strike(Some(Api::Token), None).is_empty());
    }
}
