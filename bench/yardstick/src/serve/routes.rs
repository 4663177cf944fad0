//! What each endpoint does.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{AppendHeaders, IntoResponse};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use uuid::Uuid;

use super::Service;
use super::answer::{Failure, LoggedIn, Success, TokenPair, User, success};
use super::bearer::Bearer;
use crate::open_data::OpenData;
use crate::store::{Login, Refresh};
use crate::tokens::{ACCESS_TTL_S, REFRESH_TTL_S, RefreshToken, hash};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LoginBody {
    plat_code: String,
    plat_user_info_map: Option<OpenData>,
}

pub(super) async fn log_in(
    State(service): State<Arc<Service>>,
    Json(body): Json<LoginBody>,
) -> Result<Json<Success<LoggedIn>>, Failure> {
    let person = service.wechat.exchange(&body.plat_code).await?;
    let profile = body.plat_user_info_map.map(|data| {
        let app_id = service.wechat.app_id();
        data.open(&person.session_key, app_id, &person.open_id)
    });
    let profile = profile.transpose()?;
    let refresh_token = RefreshToken::generate()?;
    let (new_user, session, now) = (Uuid::now_v7(), Uuid::now_v7(), Utc::now());
    let user_id = service
        .store
        .log_in(&Login {
            app_id: service.wechat.app_id(),
            open_id: &person.open_id,
            union_id: person.union_id.as_deref(),
            session_key: &person.session_key,
            profile: profile.as_ref(),
            new_user,
            session,
            refresh_hash: &refresh_token.hash,
            now,
            expires_at: now + TimeDelta::seconds(REFRESH_TTL_S),
        })
        .await?;
    let logged_in = LoggedIn {
        open_id: person.open_id,
        union_id: person.union_id,
        user_id,
        is_new_user: user_id == new_user,
        tokens: token_pair(&service, user_id, session, refresh_token, now)?,
    };
    Ok(success("登录成功", logged_in))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RefreshBody {
    refresh_token: String,
}

pub(super) async fn refresh(
    State(service): State<Arc<Service>>,
    Json(body): Json<RefreshBody>,
) -> Result<Json<Success<TokenPair>>, Failure> {
    let refresh_token = RefreshToken::generate()?;
    let now = Utc::now();
    let (session, user) = service
        .store
        .refresh(&Refresh {
            old_hash: &hash(&body.refresh_token),
            new_hash: &refresh_token.hash,
            now,
            expires_at: now + TimeDelta::seconds(REFRESH_TTL_S),
        })
        .await?
        .ok_or(Failure::unauthorized("refresh_invalid"))?;
    let pair = token_pair(&service, user, session, refresh_token, now)?;
    Ok(success("刷新成功", pair))
}

pub(super) async fn me(
    State(service): State<Arc<Service>>,
    Bearer(claims): Bearer,
) -> Result<Json<Success<User>>, Failure> {
    let (user_id, open_id, nick_name, avatar_url, created_at, last_login_at) = service
        .store
        .me(claims.sid, Utc::now())
        .await?
        .ok_or(Failure::unauthorized("session_revoked"))?;
    let user = User {
        user_id,
        open_id,
        nick_name,
        avatar_url,
        created_at,
        last_login_at,
    };
    Ok(success("ok", user))
}

pub(super) async fn verify(
    State(service): State<Arc<Service>>,
    Bearer(claims): Bearer,
) -> Result<impl IntoResponse, Failure> {
    if !service.store.is_alive(claims.sid, Utc::now()).await? {
        return Err(Failure::unauthorized("session_revoked"));
    }
    Ok(AppendHeaders([
        ("x-user-id", claims.sub.to_string()),
        ("x-session-id", claims.sid.to_string()),
    ]))
}

fn token_pair(
    service: &Service,
    user: Uuid,
    session: Uuid,
    refresh_token: RefreshToken,
    now: DateTime<Utc>,
) -> Result<TokenPair, Failure> {
    Ok(TokenPair {
        token: service.tokens.sign(user, session, now)?,
        token_type: "Bearer",
        expires_in: ACCESS_TTL_S,
        refresh_token: refresh_token.text,
        refresh_expires_in: REFRESH_TTL_S,
    })
}
