//! The envelope of every success.

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, Responder, ResponseError};
use serde::Serialize;
use utoipa::ToSchema;

use super::{ApiError, ErrorCode};

pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Bytes that hold nearly every body, so that it is written without growing.
const BODY_CAPACITY: usize = 1_024;

pub(crate) type Answer<T> = Result<Success<T>, ApiError>;

/// `{"code":200,"msg":"…","data":{…}}`
#[derive(Serialize, ToSchema)]
pub(crate) struct Success<T> {
    #[schema(minimum = 200, maximum = 200)]
    code: u16,
    /// A short sentence in Chinese.
    msg: &'static str,
    data: T,
}

impl<T: Serialize> Success<T> {
    pub(crate) fn new(msg: &'static str, data: T) -> Self {
        Self {
            code: 200,
            msg,
            data,
        }
    }

    /// The body, for data that is borrowed from what a handler drops.
    pub(crate) fn written(&self) -> Written {
        let mut body = Vec::with_capacity(BODY_CAPACITY);
        Written(serde_json::to_writer(&mut body, self).map(|()| body))
    }

    /// A success with what was found, or `not_found`.
    pub(crate) fn found(msg: &'static str, found: Option<impl Into<T>>) -> Answer<T> {
        let found = found.ok_or_else(|| ApiError::new(ErrorCode::NotFound))?;
        Ok(Self::new(msg, found.into()))
    }
}

impl<T: Serialize> Responder for Success<T> {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        self.written().respond_to(request)
    }
}

/// The body of a success.
pub(crate) struct Written(serde_json::Result<Vec<u8>>);

impl Responder for Written {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let body = match self.0 {
            Ok(body) => body,
            Err(error) => {
                return ApiError::new(ErrorCode::Internal)
                    .because(error)
                    .error_response();
            }
        };
        let mut response = HttpResponse::with_body(StatusCode::OK, BoxBody::new(body));
        response.headers_mut().insert(header::CONTENT_TYPE, JSON);
        response
    }
}

/// `data` of an answer that has none.
#[derive(Serialize, ToSchema)]
pub(crate) struct Nothing {}

/// `data` of a list.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Items<T> {
    pub(crate) items: Vec<T>,
    /// Gets the next page, as `cursor`; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_cursor: Option<String>,
}
