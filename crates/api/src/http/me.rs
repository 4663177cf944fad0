//! `/user/me`: the user's own account.

use actix_web::{HttpRequest, web};
use domain::account::{AccountService, ProfileEdit};
use domain::profile::Gender;
use serde::Deserialize;
use url::Url;
use utoipa::ToSchema;

use super::client_address::TrustedProxies;
use super::error::ApiError;
use super::export_reply::ExportReply;
use super::fields::{check_length, storable};
use super::json_object::JsonObject;
use super::success::{Nothing, Success};
use super::user_reply::UserReply;
use super::who::Who;

/// `GET /user/me`
#[utoipa::path(
    get,
    path = "/user/me",
    tag = "user",
    operation_id = "showMe",
    summary = "Show the user",
    responses((status = 200, description = "The user.", body = Success<UserReply>)),
    security(("token" = [])),
)]
pub(super) async fn show(Who(account): Who) -> Success<UserReply> {
    Success::new("ok", UserReply::new(&account.identity, &account.user))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct EditBody {
    #[schema(min_length = 1, max_length = 64)]
    nick_name: Option<String>,
    /// An https address.
    #[schema(format = "uri", pattern = "^https://", max_length = 1024)]
    avatar_url: Option<String>,
    /// 0 unknown, 1 male, 2 female.
    #[schema(minimum = 0, maximum = 2)]
    gender: Option<i64>,
    #[schema(max_length = 64)]
    language: Option<String>,
    #[schema(max_length = 64)]
    country: Option<String>,
    #[schema(max_length = 64)]
    province: Option<String>,
    #[schema(max_length = 64)]
    city: Option<String>,
}

/// `PATCH /user/me`
#[utoipa::path(
    patch,
    path = "/user/me",
    tag = "user",
    operation_id = "editMe",
    summary = "Change the profile",
    description = "What is left out stays as it is.",
    request_body = EditBody,
    responses((status = 200, description = "The user as they are now.", body = Success<UserReply>)),
    security(("token" = [])),
)]
pub(super) async fn edit(
    Who(account): Who,
    JsonObject(body): JsonObject<EditBody>,
    accounts: web::Data<AccountService>,
) -> Result<Success<UserReply>, ApiError> {
    let user = accounts.edit(&account, body.into_edit()?).await?;
    Ok(Success::new("ok", UserReply::new(&account.identity, &user)))
}

/// `DELETE /user/me`
#[utoipa::path(
    delete,
    path = "/user/me",
    tag = "user",
    operation_id = "deleteMe",
    summary = "Delete the account",
    description = "All sessions end; the next login is a new user.",
    responses((status = 200, description = "The account and all personal data are gone.", body = Success<Nothing>)),
    security(("token" = [])),
)]
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
#[utoipa::path(
    get,
    path = "/user/me/export",
    tag = "user",
    operation_id = "exportMe",
    summary = "Hand out everything stored about the user",
    responses((status = 200, description = "Everything stored.", body = Success<ExportReply>)),
    security(("token" = [])),
)]
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
