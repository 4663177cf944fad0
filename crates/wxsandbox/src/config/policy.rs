//! WeChat's rules that the documents leave open or that tests want to turn.

use serde::{Deserialize, Serialize};

/// WeChat's adjustable rules. The defaults are the documented values; where WeChat documents none,
/// `ASSUMPTIONS.md` gives the reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// How long a code of wx.login lives (documented: 5 minutes).
    pub login_code_ttl_s: u64,
    /// How long a code of getPhoneNumber lives (documented: 5 minutes).
    pub phone_code_ttl_s: u64,
    /// How long a used code is answered with 40163; later it is unknown (40029).
    pub remember_used_codes_s: u64,
    /// How many dead codes are remembered at most; the oldest are forgotten first.
    pub remember_used_codes_max: usize,
    /// A wx.login sooner than this after the last one keeps the session_key.
    pub session_key_min_refresh_s: u64,
    /// How long a session_key lives after the user's last wx.login.
    pub session_key_ttl_s: u64,
    /// Exchanges of codes per minute and user, above which 45011 is answered; 0 = no limit.
    pub logins_per_minute_per_user: u32,
    /// Whether `/phone/{user}/…` makes a user it does not know instead of answering 404.
    pub create_unknown_users: bool,
    /// Whether `countryCode` is a number, as in WeChat's example, and not a string, as in its table.
    pub country_code_as_number: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            login_code_ttl_s: 300,
            phone_code_ttl_s: 300,
            remember_used_codes_s: 86_400,
            remember_used_codes_max: 200_000,
            session_key_min_refresh_s: 300,
            session_key_ttl_s: 3 * 86_400,
            logins_per_minute_per_user: 100,
            create_unknown_users: false,
            country_code_as_number: false,
        }
    }
}
