//! What the two ways of exchanging a login code have in common.

use serde::Serialize;

use super::{Answer, Call};
use crate::errors::{Errcode, WxError};
use crate::state::codes::{Memory, Refused};
use crate::state::directory::App;
use crate::state::{Identity, World};

/// No errcode on success, and unionid only for apps bound to an Open Platform account.
#[derive(Serialize)]
struct Reply<'a> {
    session_key: &'a str,
    openid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    unionid: Option<String>,
}

/// The code becomes openid, session_key and unionid.
pub(super) fn exchange(
    world: &World,
    call: &Call<'_>,
    app: &App,
    code: &str,
) -> Result<Answer, WxError> {
    let identity = use_up(world, call, app, code)?;
    check_user(world, &identity)?;
    let session_key = world.session_key_now(call.now, &identity);
    Answer::of(&Reply {
        session_key: &session_key,
        openid: &identity.openid,
        unionid: world.unionid(app, &identity.user),
    })
}

/// Uses the code up, unless it is another app's or its user has exchanged too many this minute.
fn use_up(world: &World, call: &Call<'_>, app: &App, code: &str) -> Result<Identity, WxError> {
    let policy = world.policy();
    let identity = world.login_codes().find(code).cloned();
    let identity = identity.filter(|identity| identity.app_id == app.id);
    let identity = identity.ok_or(Errcode::InvalidCode)?;
    let limit = policy.logins_per_minute_per_user;
    if !world.exchanges().allows(call.now, &identity.openid, limit) {
        return Err(Errcode::MinuteQuota.into());
    }
    Ok((world.login_codes()).take(call.now, code, Memory::from(&*policy))?)
}

fn check_user(world: &World, identity: &Identity) -> Result<(), WxError> {
    let user = world.directory().user(&identity.user);
    let user = user.ok_or(Errcode::UserLimited)?;
    if user.config.limited {
        return Err(Errcode::UserLimited.into());
    }
    if user.config.high_risk {
        return Err(Errcode::CodeBlocked.into());
    }
    Ok(())
}

impl From<Refused> for WxError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Invalid => Errcode::InvalidCode.into(),
            Refused::Used => Errcode::CodeUsed.into(),
        }
    }
}
