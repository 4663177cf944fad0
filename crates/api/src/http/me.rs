//! `GET /user/me`: the user behind the token.

use actix_web::web;
use domain::access::AccessService;

use super::bearer::Bearer;
use super::error::ApiError;
use super::success::Success;
use super::user_reply::UserReply;

/// Answers with the user.
pub(super) async fn show(
    Bearer(token): Bearer,
    access: web::Data<AccessService>,
) -> Result<Success<UserReply>, ApiError> {
    let account = access.account(&token).await?;
    Ok(Success::new("ok", UserReply::from(account)))
}
