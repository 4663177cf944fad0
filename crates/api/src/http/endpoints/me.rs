//! `/user/me`: the user's own account.

use actix_web::HttpRequest;
use actix_web::web::Data;
use domain::account::AccountService;
use domain::avatars::{AvatarService, UploadError};
use domain::profile::{Edit, Gender, ProfileEdit};
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use url::Url;
use utoipa::ToSchema;

use crate::http::endpoint::endpoints;
use crate::http::extractors::fields::{check_length, check_storable};
use crate::http::extractors::{JsonObject, TrustedProxies, TypedText, Who};
use crate::http::replies::{Answer, ApiError, ExportReply, Nothing, Success, UserReply, Written};

endpoints! { show_me; edit_me; delete_me; export_me; }

/// Show the user
#[utoipa::path(
    get,
    path = "/user/me",
    responses((status = 200, description = "The user.", body = Success<UserReply>)),
    security(("token" = [])),
)]
async fn show_me(Who(account): Who) -> Written {
    Success::new("ok", UserReply::from((&*account, &account.user))).written()
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EditBody {
    #[schema(value_type = Option<String>, max_length = 64)]
    nick_name: Option<TypedText>,
    /// An https address.
    #[schema(value_type = Option<String>, format = "uri", pattern = "^(https://.*)?$", max_length = 1024)]
    avatar_url: Option<TypedText>,
    /// 1 male, 2 female; 0 takes it back.
    #[schema(minimum = 0, maximum = 2)]
    #[serde(default, deserialize_with = "gender_or_empty")]
    gender: Option<i64>,
    #[schema(value_type = Option<String>, max_length = 64)]
    language: Option<TypedText>,
    #[schema(value_type = Option<String>, max_length = 64)]
    country: Option<TypedText>,
    #[schema(value_type = Option<String>, max_length = 64)]
    province: Option<TypedText>,
    #[schema(value_type = Option<String>, max_length = 64)]
    city: Option<TypedText>,
}

/// Change the profile
#[utoipa::path(
    method(post, put, patch),
    path = "/user/me",
    description = "What is left out stays as it is; an empty text, and gender 0, take the field \
        back. `wx.request` knows no PATCH, so mini programs use POST.",
    request_body = EditBody,
    responses((status = 200, description = "The user as they are now.", body = Success<UserReply>)),
    security(("token" = [])),
)]
async fn edit_me(
    Who(account): Who,
    JsonObject(body): JsonObject<EditBody>,
    accounts: Data<AccountService>,
    pictures: Data<AvatarService>,
) -> Result<Written, ApiError> {
    let mut body = body;
    let current = account.user.profile.avatar_url.as_deref();
    body.keep_avatar(current, &pictures).await?;
    let user = accounts.edit(&account, body.into_edit()?).await?;
    Ok(Success::new("ok", UserReply::from((&*account, &user))).written())
}

/// Delete the account
#[utoipa::path(
    delete,
    path = "/user/me",
    description = "All sessions end; the next login is a new user.",
    responses((status = 200, description = "The account and all personal data are gone.", body = Success<Nothing>)),
    security(("token" = [])),
)]
async fn delete_me(
    request: HttpRequest,
    Who(account): Who,
    proxies: Data<TrustedProxies>,
    accounts: Data<AccountService>,
) -> Answer<Nothing> {
    accounts
        .delete(&account, proxies.client_of(&request))
        .await?;
    Ok(Success::new("账号已注销", Nothing {}))
}

/// Hand out everything stored about the user
#[utoipa::path(
    get,
    path = "/user/me/export",
    responses((status = 200, description = "Everything stored.", body = Success<ExportReply>)),
    security(("token" = [])),
)]
async fn export_me(Who(account): Who, accounts: Data<AccountService>) -> Answer<ExportReply> {
    let export = accounts.export(&account).await?;
    Ok(Success::new("ok", ExportReply::from(export)))
}

impl EditBody {
    /// Allows the user's current `avatarUrl`, and refuses the uploaded picture of another user, because
    /// its file goes when that user replaces it.
    async fn keep_avatar(
        &mut self,
        current: Option<&str>,
        pictures: &AvatarService,
    ) -> Result<(), ApiError> {
        let Some(TypedText(url)) = &self.avatar_url else {
            return Ok(());
        };
        if current == Some(url.as_str()) {
            self.avatar_url = None;
        } else if pictures.store.owns(url).await.map_err(UploadError::from)? {
            return Err(ApiError::invalid(
                "字段 avatarUrl 不能是已上传的头像，请用 POST /user/avatar 上传",
            ));
        }
        Ok(())
    }

    fn into_edit(self) -> Result<ProfileEdit, ApiError> {
        let gender = match self.gender.map(Gender::from_number) {
            None => Edit::Keep,
            Some(Some(Gender::Unknown)) => Edit::Clear,
            Some(Some(gender)) => Edit::Set(gender),
            Some(None) => return Err(ApiError::invalid("字段 gender 只能是 0、1 或 2")),
        };
        let avatar_url = text("avatarUrl", self.avatar_url, 1_024)?;
        if let Edit::Set(url) = &avatar_url {
            let is_https =
                Url::parse(url).is_ok_and(|url| url.scheme() == "https" && url.has_host());
            if !is_https {
                return Err(ApiError::invalid("字段 avatarUrl 必须是 https 地址"));
            }
        }
        Ok(ProfileEdit {
            nick_name: text("nickName", self.nick_name, 64)?,
            avatar_url,
            gender,
            language: text("language", self.language, 64)?,
            country: text("country", self.country, 64)?,
            province: text("province", self.province, 64)?,
            city: text("city", self.city, 64)?,
        })
    }
}

/// The edit that a field asks for; an empty text takes the field back.
fn text(
    name: &str,
    text: Option<TypedText>,
    most_characters: usize,
) -> Result<Edit<String>, ApiError> {
    let Some(TypedText(text)) = text else {
        return Ok(Edit::Keep);
    };
    if text.is_empty() {
        return Ok(Edit::Clear);
    }
    check_length(name, &text, 0..=most_characters)?;
    check_storable(name, &text)?;
    Ok(Edit::Set(text))
}

/// A number, where `""` takes the field back as it does with texts.
fn gender_or_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::String(text) if text.is_empty() => Ok(Some(0)),
        value => Option::<i64>::deserialize(value).map_err(D::Error::custom),
    }
}
