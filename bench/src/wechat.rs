//! A WeChat that takes any code, at next to no cost.
//!
//! The crate wxsandbox is the simulator to develop against: it keeps state and knows the rules.
//! For a load on the service it does too much. This one knows code2session alone, answers at once
//! or after a fixed time, and takes a code for what it says: `<user>.<anything>` is a code of the
//! user of that number.

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
    let user = code.split_once('.').map_or(code, |(user, _)| user);
    let session_key = Sha256::digest(code.as_bytes());
    let session_key = STANDARD.encode(session_key.get(..16).unwrap_or_default());
    let open_id = open_id(user);
    let body = format!(r#"{{"session_key":"{session_key}","openid":"{open_id}"}}"#);
    responder::write(out, "text/plain", &body);
}
