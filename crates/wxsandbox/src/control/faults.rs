//! Faults: inject, list, take back.

use serde::Serialize;

use super::{Control, ControlError};
use crate::faults::Fault;

/// A fault in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FaultState {
    /// To take it back.
    pub id: u64,
    /// The fault; `skip` and `times` are what is left of them.
    #[serde(flatten)]
    pub fault: Fault,
}

impl Control {
    /// Puts a fault in force and gives its id.
    #[expect(
        clippy::must_use_candidate,
        reason = "most callers clear all faults in the end"
    )]
    pub fn inject(&self, fault: Fault) -> u64 {
        self.world.faults().inject(fault)
    }

    /// The faults in force, in the order they were injected.
    pub fn faults(&self) -> Vec<FaultState> {
        let state = |(id, fault)| FaultState { id, fault };
        self.world.faults().list().into_iter().map(state).collect()
    }

    /// Takes a fault back.
    ///
    /// # Errors
    /// [`ControlError::NoFault`] if it is not in force (any more).
    pub fn remove_fault(&self, id: u64) -> Result<(), ControlError> {
        let removed = self.world.faults().remove(id);
        removed.then_some(()).ok_or(ControlError::NoFault(id))
    }

    /// Takes all faults back.
    pub fn clear_faults(&self) {
        self.world.faults().clear();
    }
}
