//! `/user/me`: the user's own account.

use actix_web::{HttpRequest, web};
use domain::account::{AccountService, ProfileEdit};
use domain::profile::Gender;
use domain::session::SessionAccount;
use serde::Deserialize;
use url::Url;

use super::client_address::TrustedProxies;
use super::error::ApiError;
use super::export_reply::ExportReply;
use super::fields::{check_length, storable};
use super::json_object::JsonObject;
use super::success::{Nothing, Success};
use super::user_reply::UserReply;
use super::who::Who;

/// `GET /user/me`
pub(super) async fn show(Who(account): Who) -> Success<UserReply> {
    Success::new("ok", UserReply::from(account))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EditBody {
    nick_name: Option<String>,
    avatar_url: Option<String>,
    gender: Option<i64>,
    language: Option<String>,
    country: Option<String>,
    province: Option<String>,
    city: Option<String>,
}

/// `PATCH /user/me`
pub(super) async fn edit(
    Who(account): Who,
    JsonObject(body): JsonObject<EditBody>,
    accounts: web::Data<AccountService>,
) -> Result<Success<UserReply>, ApiError> {
    let user = accounts.edit(&account, body.into_edit()?).await?;
    Ok(Success::new(
        "ok",
        UserReply::from(SessionAccount { user, ..account }),
    ))
}

/// `DELETE /user/me`
pub(super) async fn delete(
    request: HttpRequest,
    Who(account): Who,
    proxies: web::Data<TrustedProxies>,
    accounts: web::Data<AccountService>,
) -> Result<Success<Nothing>, ApiError> {
    accounts
        .delete(&account, proxies.client_of(&request))
        .await?;
    Ok(Success::new("账号已注销", Nothing {}))
}

/// `GET /user/me/export`
pub(super) async fn export(
    Who(account): Who,
    accounts: web::Data<AccountService>,
) -> Result<Success<ExportReply>, ApiError> {
    let export = accounts.export(&account).await?;
    Ok(Success::new("ok", ExportReply::from(export)))
}

impl EditBody {
    fn into_edit(self) -> Result<ProfileEdit, ApiError> {
        if let Some(nick_name) = &self.nick_name {
            check_length("nickName", nick_name, 1..=64)?;
        }
        if let Some(url) = &self.avatar_url {
            check_length("avatarUrl", url, 1..=1024)?;
            let is_https =
                Url::parse(url).is_ok_and(|url| url.scheme() == "https" && url.has_host());
            if !is_https {
                return Err(ApiError::invalid("字段 avatarUrl 必须是 https 地址"));
            }
        }
        let gender = self.gender.map(|number| {
            Gender::from_number(number)
                .ok_or_else(|| ApiError::invalid("字段 gender 只能是 0、1 或 2"))
        });
        for (name, text) in [
            ("language", &self.language),
            ("country", &self.country),
            ("province", &self.province),
            ("city", &self.city),
        ] {
            if let Some(text) = text {
                check_length(name, text, 0..=64)?;
            }
        }
        Ok(ProfileEdit {
            nick_name: storable("nickName", self.nick_name)?,
            avatar_url: storable("avatarUrl", self.avatar_url)?,
            gender: gender.transpose()?,
            language: storable("language", self.language)?,
            country: storable("country", self.country)?,
            province: storable("province", self.province)?,
            city: storable("city", self.city)?,
        })
    }
}
