//! Calls signed with the session_key: who signs, and whether the signature holds.

use std::sync::Arc;

use super::{Call, access};
use crate::crypto::session_signature;
use crate::errors::{Errcode, WxError};
use crate::state::directory::App;
use crate::state::{Identity, World};

/// The user in the query, whose session_key has signed the call. `none` is the answer when the user
/// has no valid key.
pub(super) fn signed_user(
    world: &World,
    call: &Call<'_>,
    app: &App,
    none: Errcode,
) -> Result<(Identity, Arc<str>), WxError> {
    let query = &call.query;
    let openid = query.get("openid").ok_or(Errcode::InvalidOpenid)?;
    let identity = access::user_of(world, app, openid)?;
    if query.get("sig_method") != Some("hmac_sha256") {
        return Err(Errcode::InvalidSigMethod.into());
    }
    let key = world.session_keys().current(call.now, openid).ok_or(none)?;
    let signature = query.get("signature").unwrap_or_default();
    if session_signature(&key, "").eq_ignore_ascii_case(signature) {
        Ok((identity, key))
    } else {
        Err(Errcode::InvalidSignature.into())
    }
}
