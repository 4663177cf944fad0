//! `POST /user/avatar` and `GET /avatars/{name}`: the picture that a user uploads.

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use domain::avatars::{AvatarService, UploadError};
use futures_util::{TryStreamExt, stream};

use crate::http::endpoint::endpoints;
use crate::http::extractors::{RawBody, Who};
use crate::http::replies::{ApiError, ErrorCode, Success, UserReply, Written};

endpoints! {
    upload_avatar: [StorageUnavailable];
    show_avatar: [StorageUnavailable];
}

pub(crate) const UPLOAD_PATH: &str = "/user/avatar";

/// What a form may hold besides the file, bytes: its boundaries, headers and `formData`.
pub(crate) const FORM_OVERHEAD: usize = 16 << 10;

/// The longest file that is taken, bytes.
#[derive(Clone, Copy)]
pub(crate) struct AvatarLimit(pub(crate) usize);

/// Upload the avatar
#[utoipa::path(
    post,
    path = "/user/avatar",
    description = "A form with one file of any field name, as `wx.uploadFile` sends it: PNG, JPEG or WebP by \
        content. The picture is stored without its metadata, at most 1024 pixels wide and high.",
    request_body(content((UploadForm = "multipart/form-data"))),
    responses((status = 200, description = "The user, with the new `avatarUrl`.", body = Success<UserReply>)),
    security(("token" = [])),
)]
async fn upload_avatar(
    request: HttpRequest,
    Who(account): Who,
    RawBody(body): RawBody,
    limit: web::Data<AvatarLimit>,
    avatars: web::Data<AvatarService>,
) -> Result<Written, ApiError> {
    let body = stream::iter([Ok::<_, actix_web::error::PayloadError>(body)]);
    let mut form = Multipart::new(request.headers(), body);
    let mut file = None;
    while let Some(field) = form.try_next().await.map_err(|error| refused(&error))? {
        if !is_file(&field) {
            // What `formData` adds.
            read(field, FORM_OVERHEAD).await?;
        } else if file.replace(read(field, limit.0).await?).is_some() {
            return Err(ApiError::invalid("一次只能上传一个文件"));
        }
    }
    let file = file.ok_or_else(|| ApiError::invalid("表单中缺少文件"))?;
    let user = avatars.upload(&account, file).await?;
    Ok(Success::new("ok", UserReply::from((&*account, &user))).written())
}

/// The form, for the document.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "the form is read as it comes, not by field names")]
pub(crate) struct UploadForm {
    /// The picture.
    #[schema(value_type = String, format = Binary)]
    avatar: Vec<u8>,
}

/// Show an uploaded avatar
#[utoipa::path(
    get,
    path = "/avatars/{name}",
    params(("name" = String, Path, description = "The last part of `avatarUrl`.")),
    responses((status = 200, description = "The picture. It never changes under its name.",
        content((String = "image/jpeg"), (String = "image/png")))),
)]
async fn show_avatar(
    name: web::Path<String>,
    avatars: web::Data<AvatarService>,
) -> Result<HttpResponse, ApiError> {
    let picture = avatars.store.read(&name).await.map_err(UploadError::from)?;
    let picture = picture.ok_or_else(|| ApiError::new(ErrorCode::NotFound))?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, picture.content_type))
        .insert_header((header::CACHE_CONTROL, picture.cache_control))
        .body(picture.bytes))
}

fn is_file(field: &Field) -> bool {
    field
        .content_disposition()
        .is_some_and(|disposition| disposition.get_filename().is_some())
}

async fn read(mut field: Field, most_bytes: usize) -> Result<Vec<u8>, ApiError> {
    let bytes = field.bytes(most_bytes).await;
    let bytes = bytes.map_err(|_| ApiError::new(ErrorCode::PayloadTooLarge))?;
    Ok(bytes.map_err(|error| refused(&error))?.into())
}

fn refused(error: &MultipartError) -> ApiError {
    match error {
        MultipartError::ContentTypeMissing | MultipartError::ContentTypeIncompatible => {
            ApiError::new(ErrorCode::UnsupportedMediaType)
                .saying("请求体必须是 multipart/form-data，请用 wx.uploadFile 上传")
        }
        _ => ApiError::invalid("表单不完整或格式不正确"),
    }
}
