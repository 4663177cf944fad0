//! Who calls, from where, and whether they may.

use std::sync::Arc;

use secrecy::ExposeSecret;

use super::Call;
use crate::api::Api;
use crate::errors::{Errcode, WxError};
use crate::state::directory::App;
use crate::state::ip_control::IpRefused;
use crate::state::quotas::{Limit, OverQuota};
use crate::state::tokens::{TokenParameter, TokenRefused};
use crate::state::{Identity, World};

/// The app whose access_token is in the query, if it may make this call once more.
pub(super) fn caller(world: &World, call: &Call<'_>) -> Result<Arc<App>, WxError> {
    let app_id = token_owner(world, call)?;
    let app = world.directory().app(&app_id);
    let app = app.ok_or(Errcode::InvalidAppId)?;
    check_permission(&app, call)?;
    check_quota(world, call, &app)?;
    Ok(app)
}

/// The app a call is about, as far as one can tell before it is checked.
pub(super) fn app_id_of(world: &World, call: &Call<'_>) -> Option<String> {
    let named = call.named_app_id();
    named.or_else(|| token_owner(world, call).ok().map(|id| id.to_string()))
}

fn token_owner(world: &World, call: &Call<'_>) -> Result<Arc<str>, WxError> {
    let query = &call.query;
    let (token, parameter) = match query.get("access_token") {
        Some(token) => (Some(token), TokenParameter::Access),
        None => (
            query.get("cloudbase_access_token"),
            TokenParameter::Cloudbase,
        ),
    };
    let token = token.ok_or(Errcode::TokenMissing)?;
    Ok(world.tokens().owner(call.now, token, parameter)?)
}

/// The app of `appid` and `secret`.
pub(super) fn app_by_secret(
    world: &World,
    call: &Call<'_>,
    app_id: &str,
    secret: &str,
) -> Result<Arc<App>, WxError> {
    let app = world.directory().app(app_id).ok_or(Errcode::InvalidAppId)?;
    check_whitelist(&app, call)?;
    if app.config.secret.expose_secret() != secret {
        return Err(Errcode::InvalidAppSecret.into());
    }
    Ok(app)
}

/// 48001, or 50004 for tokens, if the call is forbidden to the app; 50002 or 50007 if it is frozen.
pub(super) fn check_permission(app: &App, call: &Call<'_>) -> Result<(), WxError> {
    let for_token = matches!(call.api, Some(Api::Token | Api::StableToken));
    let forbidden = call
        .api
        .is_some_and(|api| app.config.forbidden_apis.contains(&api));
    match (app.config.frozen, forbidden, for_token) {
        (true, _, true) => Err(Errcode::AccountFrozen.into()),
        (true, _, false) => Err(Errcode::UserLimited.into()),
        (false, true, true) => Err(Errcode::TokenForbidden.into()),
        (false, true, false) => Err(Errcode::ApiUnauthorized.into()),
        (false, false, _) => Ok(()),
    }
}

/// 45009 or 45011 if this is one call too many.
pub(super) fn check_quota(world: &World, call: &Call<'_>, app: &App) -> Result<(), WxError> {
    let Some(api) = call.api else {
        return Ok(());
    };
    let limit = limit_of(app, api);
    Ok(world.quotas().count(call.now, &app.id, api, limit)?)
}

/// 40164 if the app has a whitelist for this call and the caller is not on it.
fn check_whitelist(app: &App, call: &Call<'_>) -> Result<(), WxError> {
    let login = call.api == Some(Api::Code2Session);
    let Some(networks) = &app.config.ip_whitelist else {
        return Ok(());
    };
    let on_it = networks.iter().any(|network| network.contains(&call.peer));
    if on_it || (login && !app.config.ip_whitelist_on_login) {
        return Ok(());
    }
    Err(WxError::ip_not_in_whitelist(call.peer))
}

/// 89503, 89501, 89507 or 89506 if the administrator has to agree to this address first.
pub(super) fn check_risky_ip(world: &World, call: &Call<'_>, app: &App) -> Result<(), WxError> {
    let mut risky = app.config.risky_ips.iter();
    if risky.any(|network| network.contains(&call.peer)) {
        world.ip_control().admit(call.now, &app.id, call.peer)?;
    }
    Ok(())
}

/// The user behind an openid, if it is one of this app.
pub(super) fn user_of(world: &World, app: &App, openid: &str) -> Result<Identity, WxError> {
    let identity = world.identities().by_openid(openid);
    let identity = identity.filter(|identity| identity.app_id == app.id);
    identity.ok_or_else(|| Errcode::InvalidOpenid.into())
}

/// The quota of a call: the app's own, or WeChat's usual one.
pub(super) fn limit_of(app: &App, api: Api) -> Limit {
    let mut own = app.config.limits.iter();
    match own.find(|limit| limit.api == api) {
        Some(limit) => Limit {
            per_day: limit.per_day,
            per_minute: limit.per_minute,
        },
        None => usual_limit(api),
    }
}

const fn usual_limit(api: Api) -> Limit {
    let (per_day, per_minute) = match api {
        Api::Code2Session | Api::ComponentCode2Session => (0, 0),
        Api::Token => (2_000, 0),
        Api::StableToken => (500_000, 10_000),
        Api::ResetSession => (10_000_000, 60_000),
        _ => (10_000_000, 0),
    };
    Limit {
        per_day,
        per_minute,
    }
}

impl From<TokenRefused> for WxError {
    fn from(refused: TokenRefused) -> Self {
        match refused {
            TokenRefused::Malformed => Errcode::MalformedToken.into(),
            TokenRefused::NotLatest => Errcode::InvalidCredential.into(),
            TokenRefused::Expired => Errcode::TokenExpired.into(),
        }
    }
}

impl From<OverQuota> for WxError {
    fn from(over: OverQuota) -> Self {
        match over {
            OverQuota::Day => Errcode::DailyQuota.into(),
            OverQuota::Minute => Errcode::MinuteQuota.into(),
        }
    }
}

impl From<IpRefused> for WxError {
    fn from(refused: IpRefused) -> Self {
        match refused {
            IpRefused::NowAsked => Errcode::IpNotConfirmed.into(),
            IpRefused::NotAnswered => Errcode::IpToBeConfirmed.into(),
            IpRefused::ForAnHour => Errcode::IpRefusedForAnHour.into(),
            IpRefused::ForADay => Errcode::IpRefusedForADay.into(),
        }
    }
}
