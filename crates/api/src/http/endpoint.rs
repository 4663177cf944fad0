//! An endpoint: path, methods, handler, document and failures, registered together at the handler.

use actix_web::Route;
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::{HttpMethod, Operation};

use super::replies::ErrorCode;

/// What [`endpoints!`] makes of a handler with its `#[utoipa::path]`.
#[derive(Clone, Copy)]
pub(crate) struct Endpoint {
    pub(crate) path: fn() -> String,
    pub(crate) methods: fn() -> Vec<HttpMethod>,
    pub(crate) operation: fn() -> Operation,
    /// The operation with the schemas it refers to.
    pub(crate) document: fn() -> OpenApi,
    pub(crate) route: fn() -> Route,
    /// Those that do not follow from the operation: see `openapi/failures.rs`.
    pub(crate) failures: &'static [&'static [ErrorCode]],
}

pub(crate) const WECHAT: &[ErrorCode] = &[
    ErrorCode::RateLimited,
    ErrorCode::WechatMisconfigured,
    ErrorCode::WechatBadAnswer,
    ErrorCode::WechatTimeout,
    ErrorCode::WechatUnavailable,
];

/// Declares the `ENDPOINTS` of a file: `show;` for a handler, or with failures of its own,
/// `login: WECHAT [CodeInvalid];`.
macro_rules! endpoints {
    ($($handler:ident $(: $($group:ident)* $([$($code:ident),+])?)?;)+) => {
        pub(crate) const ENDPOINTS: &[$crate::http::endpoint::Endpoint] = &[$(pastey::paste! {
            $crate::http::endpoint::Endpoint {
                path: <[<__path_ $handler>] as utoipa::Path>::path,
                methods: <[<__path_ $handler>] as utoipa::Path>::methods,
                operation: <[<__path_ $handler>] as utoipa::Path>::operation,
                document: || {
                    #[derive(utoipa::OpenApi)]
                    #[openapi(paths($handler))]
                    struct Document;
                    <Document as utoipa::OpenApi>::openapi()
                },
                route: || actix_web::web::to($handler),
                failures: &[$(
                    $($group,)*
                    $(&[$($crate::http::replies::ErrorCode::$code),+],)?
                )?],
            }
        },)+];
    };
}

pub(crate) use endpoints;
