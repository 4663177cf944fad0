//! `wx.getWeRunData`: steps of the last 31 days.

use serde_json::{Map, Value, json};

use super::{EncryptedData, OpenDataOptions, Phone, PhoneError};

const DAYS: i64 = 31;
const DAY_S: i64 = 86_400;
/// China's midnight lies 8 hours before UTC's.
const CHINA_S: i64 = 8 * 3_600;

impl Phone {
    /// `wx.getWeRunData`; a user has the same number of steps on the same day at every start.
    ///
    /// # Errors
    /// [`PhoneError::NotLoggedIn`] without a valid session_key.
    pub fn we_run_data(&self, options: &OpenDataOptions) -> Result<EncryptedData, PhoneError> {
        let today = self.world.now().china_day();
        let days = (0..DAYS).rev().map(|ago| today - ago);
        let list: Vec<Value> = days
            .map(|day| {
                let steps = self.world.derive.steps(&self.user.name, day);
                json!({"timestamp": day * DAY_S - CHINA_S, "step": steps})
            })
            .collect();
        let payload = Map::from_iter([("stepInfoList".to_owned(), Value::Array(list))]);
        self.encrypt(payload, options)
    }
}
