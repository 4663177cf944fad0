//! Third-party platforms: their own token, tokens for apps that authorised them, and logins
//! (<https://developers.weixin.qq.com/doc/oplatform/openApi/OpenApiDoc/miniprogram-management/login/thirdpartyCode2Session.html>).

use std::sync::Arc;

use actix_web::http::Method;
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::json;

use super::exchange::exchange;
use super::{Answer, Call};
use crate::errors::{Errcode, WxError};
use crate::state::World;
use crate::state::directory::Component;
use crate::state::tickets::TicketRefused;
use crate::state::tokens::{TokenKind, TokenParameter};

/// `GET /sns/component/jscode2session`: as code2Session, with the platform's token for a secret.
pub(super) fn code2session(world: &World, call: &Call<'_>) -> Result<Answer, WxError> {
    let query = &call.query;
    let app_id = query.get("appid").ok_or(Errcode::AppIdMissing)?;
    call.require(&Method::GET)?;
    let code = query.get("js_code").ok_or(Errcode::CodeMissing)?;
    if query.get("grant_type") != Some("authorization_code") {
        return Err(Errcode::InvalidGrantType.into());
    }
    let component_id = query.get("component_appid");
    let component_id = component_id.ok_or(Errcode::ComponentAppIdMissing)?;
    let component = caller(world, call, component_id)?;
    if !component.may_act_for(app_id) {
        return Err(Errcode::NotAuthorizedToComponent.into());
    }
    let app = world.directory().app(app_id).ok_or(Errcode::InvalidAppId)?;
    exchange(world, call, &app, code)
}

#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "the names on the wire")]
struct TokenBody {
    #[serde(default)]
    component_appid: String,
    #[serde(default)]
    component_appsecret: String,
    #[serde(default)]
    component_verify_ticket: String,
}

/// `POST /cgi-bin/component/api_component_token`
pub(super) fn token(world: &World, call: &Call<'_>) -> Result<Answer, WxError> {
    call.require(&Method::POST)?;
    let body: TokenBody = call.json()?;
    if body.component_appsecret.is_empty() {
        return Err(Errcode::SecretMissing.into());
    }
    let component = world.directory().component(&body.component_appid);
    let component = component.ok_or(Errcode::InvalidAppId)?;
    if component.config.secret.expose_secret() != body.component_appsecret {
        return Err(Errcode::InvalidAppSecret.into());
    }
    (world.tickets()).check(call.now, &component.id, &body.component_verify_ticket)?;
    let (fresh, ttl_s) = (world.dice.access_token(), world.policy().token_ttl_s);
    let kind = TokenKind::Component;
    let given = (world.tokens()).issue(call.now, &component.id, &fresh, ttl_s, kind);
    Answer::of(&json!({
        "component_access_token": &*given.token,
        "expires_in": given.expires_in_s,
    }))
}

#[derive(Deserialize)]
struct AuthorizerBody {
    #[serde(default)]
    component_appid: String,
    #[serde(default)]
    authorizer_appid: String,
    #[serde(default)]
    authorizer_refresh_token: String,
}

/// `POST /cgi-bin/component/api_authorizer_token`
pub(super) fn authorizer_token(world: &World, call: &Call<'_>) -> Result<Answer, WxError> {
    call.require(&Method::POST)?;
    let body: AuthorizerBody = call.json()?;
    let component = caller(world, call, &body.component_appid)?;
    if !component.may_act_for(&body.authorizer_appid) {
        return Err(Errcode::NotAuthorizedToComponent.into());
    }
    let app = world.directory().app(&body.authorizer_appid);
    let app = app.ok_or(Errcode::InvalidAppId)?;
    let refresh = world.derive.refresh_token(&component.id, &app.id);
    if refresh != body.authorizer_refresh_token {
        return Err(Errcode::InvalidRefreshToken.into());
    }
    let (fresh, ttl_s) = (world.dice.access_token(), world.policy().token_ttl_s);
    let kind = TokenKind::Authorizer;
    let given = (world.tokens()).issue(call.now, &app.id, &fresh, ttl_s, kind);
    Answer::of(&json!({
        "authorizer_access_token": &*given.token,
        "expires_in": given.expires_in_s,
        "authorizer_refresh_token": refresh,
    }))
}

/// The platform whose token is in the query, if it is the one that is named.
fn caller(world: &World, call: &Call<'_>, named: &str) -> Result<Arc<Component>, WxError> {
    let token = call.query.get("component_access_token");
    let token = token.ok_or(Errcode::ComponentTokenMissing)?;
    let parameter = TokenParameter::Component;
    let owner = world.tokens().owner(call.now, token, parameter)?;
    let component = world.directory().component(&owner);
    let component = component.filter(|component| *component.id == *named);
    component.ok_or_else(|| Errcode::InvalidAppId.into())
}

impl From<TicketRefused> for WxError {
    fn from(refused: TicketRefused) -> Self {
        match refused {
            TicketRefused::Expired => Errcode::TicketExpired.into(),
            TicketRefused::Invalid => Errcode::TicketInvalid.into(),
        }
    }
}
