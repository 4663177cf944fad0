//! A WeChat that takes any code, at next to no cost.
//!
//! The crate wxsandbox is the simulator to develop against: it keeps state and knows the rules.
//! For a load on the service it does too much. This one knows code2session alone, answers at once
//! or after a fixed time, and takes a code for what it says: `<user>.<session>.<anything>` is a code
//! of the user of that number, whose session_key follows from the first two.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::responder;

/// The openid of the user of this number: 28 characters, as WeChat's are. `growth::seed` has
/// the same in SQL.
pub(crate) fn open_id(user: &str) -> String {
    let digest = hex::encode(Sha256::digest(user.as_bytes()));
    format!("o{}", digest.get(..27).unwrap_or_default())
}

/// A user's session with WeChat, by which the phone encrypts.
pub(crate) struct Session<'a> {
    user: &'a str,
    digest: [u8; 32],
}

impl<'a> Session<'a> {
    /// That of `code`.
    pub(crate) fn of(code: &'a str) -> Self {
        let session = code.rsplit_once('.').map_or(code, |(session, _)| session);
        Self {
            user: session.split_once('.').map_or(session, |(user, _)| user),
            digest: Sha256::digest(session.as_bytes()).into(),
        }
    }

    pub(crate) const fn user(&self) -> &'a str {
        self.user
    }

    /// The session_key.
    pub(crate) fn key(&self) -> [u8; 16] {
        let [key, _] = self.halves();
        key
    }

    /// The iv that the phone gives with data. WeChat's is random, which nothing here needs.
    pub(crate) fn iv(&self) -> [u8; 16] {
        let [_, iv] = self.halves();
        iv
    }

    fn halves(&self) -> [[u8; 16]; 2] {
        let (halves, _) = self.digest.as_chunks();
        halves.first_chunk().copied().unwrap_or_default()
    }
}

/// Answers code2session, and nothing else.
pub(crate) fn answer(path: &str, out: &mut Vec<u8>) {
    if let Some(code) = code_of(path) {
        write_session(out, code);
    }
}

fn code_of(path: &str) -> Option<&str> {
    let (_, query) = path.split_once('?')?;
    query
        .split('&')
        .find_map(|pair| pair.strip_prefix("js_code="))
}

/// The answer to code2session, with WeChat's Content-Type.
fn write_session(out: &mut Vec<u8>, code: &str) {
    let session = Session::of(code);
    let session_key = STANDARD.encode(session.key());
    let open_id = open_id(session.user());
    let body = format!(r#"{{"session_key":"{session_key}","openid":"{open_id}"}}"#);
    responder::write(out, "text/plain", &body);
}
