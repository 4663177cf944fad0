//! Answers of the same shapes as wxlogin's.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use crate::open_data::OpenDataError;
use crate::wechat::WeChatError;

#[derive(Serialize)]
pub(super) struct Success<T> {
    code: u16,
    msg: &'static str,
    data: T,
}

pub(super) fn success<T>(msg: &'static str, data: T) -> Json<Success<T>> {
    Json(Success {
        code: 200,
        msg,
        data,
    })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LoggedIn {
    pub(super) open_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) union_id: Option<String>,
    pub(super) user_id: Uuid,
    pub(super) is_new_user: bool,
    #[serde(flatten)]
    pub(super) tokens: TokenPair,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TokenPair {
    pub(super) token: String,
    pub(super) token_type: &'static str,
    pub(super) expires_in: i64,
    pub(super) refresh_token: String,
    pub(super) refresh_expires_in: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct User {
    pub(super) user_id: Uuid,
    pub(super) open_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) nick_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) avatar_url: Option<String>,
    pub(super) created_at: DateTime<Utc>,
    pub(super) last_login_at: DateTime<Utc>,
}

pub(super) struct Failure {
    status: StatusCode,
    msg: &'static str,
    error: &'static str,
}

impl Failure {
    pub(super) const fn unauthorized(error: &'static str) -> Failure {
        Failure {
            status: StatusCode::UNAUTHORIZED,
            msg: "请重新登录",
            error,
        }
    }

    const fn bad_open_data() -> Failure {
        Failure {
            status: StatusCode::BAD_REQUEST,
            msg: "用户数据校验失败",
            error: "open_data_invalid",
        }
    }

    fn internal(error: impl std::fmt::Display) -> Failure {
        eprintln!("error: {error}");
        Failure {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            msg: "服务器内部错误",
            error: "internal",
        }
    }

    fn bad_gateway(error: impl std::fmt::Display) -> Failure {
        eprintln!("WeChat: {error}");
        Failure {
            status: StatusCode::BAD_GATEWAY,
            msg: "微信服务异常",
            error: "wechat_bad_answer",
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let body = json!({"code": self.status.as_u16(), "msg": self.msg, "error": self.error});
        (self.status, Json(body)).into_response()
    }
}

impl From<WeChatError> for Failure {
    fn from(error: WeChatError) -> Failure {
        match error {
            WeChatError::Refused(40029 | 40163) => Failure::unauthorized("code_invalid"),
            WeChatError::Refused(errcode) => Failure::bad_gateway(errcode),
            WeChatError::NoAnswer(error) => Failure::bad_gateway(error),
            WeChatError::Incomplete => Failure::bad_gateway("an answer without openid"),
        }
    }
}

impl From<OpenDataError> for Failure {
    fn from(_: OpenDataError) -> Failure {
        Failure::bad_open_data()
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Failure {
        Failure::internal(error)
    }
}

impl From<jsonwebtoken::errors::Error> for Failure {
    fn from(error: jsonwebtoken::errors::Error) -> Failure {
        Failure::internal(error)
    }
}

impl From<aws_lc_rs::error::Unspecified> for Failure {
    fn from(error: aws_lc_rs::error::Unspecified) -> Failure {
        Failure::internal(error)
    }
}
