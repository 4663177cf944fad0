//! The calls that came in.

use super::Control;
use crate::api::Api;
use crate::state::calls::CallRecord;

impl Control {
    /// The last calls of WeChat's API, the oldest first; as many as the policy's `remember_calls`.
    pub fn calls(&self) -> Vec<CallRecord> {
        self.calls_after(0)
    }

    /// Those of the last calls that came after the one of this number, the oldest first.
    pub fn calls_after(&self, number: u64) -> Vec<CallRecord> {
        self.world.calls().after(number)
    }

    /// How often a call was made since the start, or since the calls were forgotten.
    pub fn count_of(&self, api: Api) -> u64 {
        self.world.calls().count_of(api)
    }

    /// Forgets the calls and counts from zero.
    pub fn forget_calls(&self) {
        self.world.calls().clear();
    }
}
