//! Everything that looks random: what is drawn anew, and what is derived from the seed.

use std::sync::{Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::crypto::sha256;

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Draws codes, keys and tokens. With the same seed and salt the draws repeat.
pub(crate) struct Dice(Mutex<StdRng>);

impl Dice {
    /// `salt` is 0 for runs that shall repeat, else something that differs from run to run.
    pub(crate) fn new(seed: u64, salt: i64) -> Self {
        let start = sha256(&[b"dice", &seed.to_be_bytes(), &salt.to_be_bytes()]);
        Self(Mutex::new(StdRng::from_seed(start)))
    }

    pub(crate) fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// A code of wx.login: 32 characters of base 62, the first a zero.
    pub(crate) fn login_code(&self) -> String {
        let mut code = self.base62(32);
        code.replace_range(..1, "0");
        code
    }

    /// A session_key: 16 bytes in base64.
    pub(crate) fn session_key(&self) -> String {
        STANDARD.encode(self.bytes::<16>())
    }

    /// A key of `wx.getUserCryptoManager`: 16 bytes in base64, and an iv of 16 characters.
    pub(crate) fn user_key(&self) -> (String, String) {
        (self.session_key(), hex::encode(self.bytes::<8>()))
    }

    /// A code of getPhoneNumber or wx.pluginLogin: 64 hex digits.
    pub(crate) fn hex64(&self) -> String {
        hex::encode(self.bytes::<32>())
    }

    /// So many decimal digits.
    pub(crate) fn digits(&self, length: usize) -> String {
        let mut bytes = vec![0; length];
        self.fill(&mut bytes);
        let digit = |byte: u8| char::from(b'0' + byte % 10);
        bytes.into_iter().map(digit).collect()
    }

    /// An access token in the shape WeChat's have.
    pub(crate) fn access_token(&self) -> String {
        format!("70_{}", self.base62(133))
    }

    /// WeChat's request id: the time and two random words, in hex.
    pub(crate) fn rid(&self, unix_seconds: i64) -> String {
        let [first, second] = [self.bytes::<4>(), self.bytes::<4>()].map(hex::encode);
        format!("{:08x}-{first}-{second}", unix_seconds & 0xffff_ffff)
    }

    fn base62(&self, length: usize) -> String {
        let mut bytes = vec![0; length];
        self.fill(&mut bytes);
        // 256 is not a multiple of 62, so some characters are slightly more frequent, which does not matter here.
        let digit = |byte: u8| BASE62.get(usize::from(byte) % BASE62.len()).copied();
        bytes
            .into_iter()
            .filter_map(digit)
            .map(char::from)
            .collect()
    }

    fn fill(&self, bytes: &mut [u8]) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .fill_bytes(bytes);
    }
}

/// Derives what must be the same after a restart from the seed and names.
#[derive(Clone, Copy)]
pub(crate) struct Derivation {
    seed: u64,
}

impl Derivation {
    pub(crate) const fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// `wx` and 16 hex digits.
    pub(crate) fn app_id(self, number: u32) -> String {
        format!(
            "wx{}",
            self.hex_digits(16, &["app id", &number.to_string()])
        )
    }

    /// 32 hex digits.
    pub(crate) fn secret(self, app_id: &str) -> String {
        self.hex_digits(32, &["secret", app_id])
    }

    /// The app's number at the payment service: `1450` and 6 digits.
    pub(crate) fn offer_id(self, app_id: &str) -> String {
        let [first, second, third, ..] = self.hash(&["offer id", app_id]);
        let number = u32::from_be_bytes([0, first, second, third]) % 1_000_000;
        format!("1450{number:06}")
    }

    /// The AppKey of virtual payment, for live (0) or WeChat's own sandbox (1): 32 characters.
    pub(crate) fn app_key(self, app_id: &str, env: u8) -> String {
        self.url_safe(32, &["app key", app_id, &env.to_string()])
    }

    /// 28 characters, an `o` first; one per app and user.
    pub(crate) fn openid(self, app_id: &str, user: &str) -> String {
        format!("o{}", self.url_safe(27, &["openid", app_id, user]))
    }

    /// 28 characters, an `o` first; one per Open Platform account and user.
    pub(crate) fn unionid(self, account: &str, user: &str) -> String {
        format!("o{}", self.url_safe(27, &["unionid", account, user]))
    }

    /// The user's id at a plugin.
    pub(crate) fn openpid(self, plugin: &str, user: &str) -> String {
        format!("o{}", self.url_safe(27, &["openpid", plugin, user]))
    }

    /// What a third-party platform got when the app authorised it.
    pub(crate) fn refresh_token(self, component: &str, app_id: &str) -> String {
        let parts = ["refresh token", component, app_id];
        format!("refreshtoken@@@{}", self.url_safe(43, &parts))
    }

    /// The original id of an app: `gh_` and 12 hex digits.
    pub(crate) fn original_id(self, app_id: &str) -> String {
        format!("gh_{}", self.hex_digits(12, &["original id", app_id]))
    }

    /// 28 characters, a `t` first; for ids of groups and chats.
    pub(crate) fn group_id(self, app_id: &str, group: &str) -> String {
        format!("t{}", self.url_safe(27, &["group", app_id, group]))
    }

    /// Steps of a user on a day: 2 000 to 11 999.
    pub(crate) fn steps(self, user: &str, day: i64) -> u16 {
        let [first, second, ..] = self.hash(&["steps", user, &day.to_string()]);
        2_000 + u16::from_be_bytes([first, second]) % 10_000
    }

    fn hex_digits(self, length: usize, parts: &[&str]) -> String {
        let mut text = hex::encode(self.hash(parts));
        text.truncate(length);
        text
    }

    fn url_safe(self, length: usize, parts: &[&str]) -> String {
        let mut text = URL_SAFE_NO_PAD.encode(self.hash(parts));
        text.truncate(length);
        text
    }

    fn hash(self, parts: &[&str]) -> [u8; 32] {
        sha256(&[&self.seed.to_be_bytes(), parts.join("\n").as_bytes()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_and_salt_draw_the_same_codes() {
        assert_eq!(Dice::new(7, 0).login_code(), Dice::new(7, 0).login_code());
        assert_ne!(Dice::new(7, 0).login_code(), Dice::new(7, 1).login_code());
        assert_ne!(Dice::new(7, 0).login_code(), Dice::new(8, 0).login_code());
    }

    #[test]
    fn drawn_values_have_the_shapes_wechat_gives_them() {
        let dice = Dice::new(1, 0);
        let code = dice.login_code();
        assert_eq!((code.len(), code.starts_with('0')), (32, true));
        assert_eq!(dice.session_key().len(), 24);
        assert_eq!(dice.hex64().len(), 64);
        assert!(dice.rid(0x658c_03c7).starts_with("658c03c7-"));
    }

    #[test]
    fn derived_ids_differ_by_app_user_and_seed_only() {
        let derive = Derivation::new(1);
        assert_eq!(derive.openid("wx1", "alice"), derive.openid("wx1", "alice"));
        assert_ne!(derive.openid("wx1", "alice"), derive.openid("wx2", "alice"));
        assert_ne!(derive.openid("wx1", "alice"), derive.openid("wx1", "bob"));
        assert_ne!(
            derive.openid("wx1", "alice"),
            Derivation::new(2).openid("wx1", "alice")
        );
        assert_eq!(derive.openid("wx1", "alice").len(), 28);
        assert_eq!(derive.app_id(1).len(), 18);
    }
}
