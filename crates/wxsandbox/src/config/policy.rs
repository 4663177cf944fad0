//! WeChat's rules that the documents leave open or that tests want to turn.

use serde::{Deserialize, Serialize};

/// WeChat's adjustable rules. The defaults are the documented values; where WeChat documents none,
/// `ASSUMPTIONS.md` gives the reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent switches of a configuration file, no state machine"
)]
pub struct Policy {
    /// How long a code of wx.login lives (documented: 5 minutes).
    pub login_code_ttl_s: u64,
    /// How long a code of getPhoneNumber lives (documented: 5 minutes).
    pub phone_code_ttl_s: u64,
    /// How long a code of wx.pluginLogin lives (documented: 5 minutes).
    pub plugin_code_ttl_s: u64,
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
    /// Whether a code that data pre-fetch brings replaces the session_key, independent of its age.
    pub prefetch_replaces_session_key: bool,
    /// What getuserphonenumber answers when the code is not the given openid's.
    pub phone_code_of_other_user: i64,
    /// How long an access_token lives (documented: 2 hours).
    pub token_ttl_s: u64,
    /// `wx.login`, `wx.checkSession`, `wx.getUserInfo` and `wx.getUserProfile` per user and second
    /// (documented: 4); 0 = no limit.
    pub phone_calls_per_second: u32,
    /// Whether a POST without `Content-Length` is answered with an empty 412, as WeChat's gateway
    /// can.
    pub refuse_chunked: bool,
    /// How long the developer's server may take to answer a push (documented: 5 s).
    pub push_timeout_ms: u64,
    /// How often a message is pushed in all until it is answered.
    pub push_tries: u32,
    /// The pauses between the attempts to deliver a message on a payment; after the last, no more come.
    pub payment_push_pauses_s: Vec<u64>,
    /// Whether `/phone/{user}/…` makes a user it does not know instead of answering 404.
    pub create_unknown_users: bool,
    /// How many of the last calls are remembered for `GET /sandbox/calls`; 0 saves the work.
    pub remember_calls: usize,
    /// Whether `countryCode` is a number, as in WeChat's example, and not a string, as in its table.
    pub country_code_as_number: bool,
}

/// As documented for the goods of small games, in all 24 hours.
const PAYMENT_PUSH_PAUSES_S: [u64; 15] = [
    15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600, 10800, 10800, 10800, 21600, 21600,
];

impl Default for Policy {
    fn default() -> Self {
        Self {
            login_code_ttl_s: 300,
            phone_code_ttl_s: 300,
            plugin_code_ttl_s: 300,
            remember_used_codes_s: 86_400,
            remember_used_codes_max: 200_000,
            session_key_min_refresh_s: 300,
            session_key_ttl_s: 3 * 86_400,
            logins_per_minute_per_user: 100,
            prefetch_replaces_session_key: true,
            phone_code_of_other_user: 40029,
            token_ttl_s: 7_200,
            phone_calls_per_second: 0,
            refuse_chunked: false,
            push_timeout_ms: 5_000,
            push_tries: 3,
            payment_push_pauses_s: PAYMENT_PUSH_PAUSES_S.to_vec(),
            create_unknown_users: false,
            remember_calls: 200,
            country_code_as_number: false,
        }
    }
}
