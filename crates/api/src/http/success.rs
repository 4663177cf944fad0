//! The envelope of every success.

use actix_web::body::BoxBody;
use actix_web::{HttpRequest, HttpResponse, Responder};
use serde::Serialize;

/// `{"code":200,"msg":"…","data":{…}}`
pub(super) struct Success<T> {
    msg: &'static str,
    data: T,
}

#[derive(Serialize)]
struct Envelope<'a, T> {
    code: u16,
    msg: &'a str,
    data: &'a T,
}

impl<T: Serialize> Success<T> {
    pub(super) fn new(msg: &'static str, data: T) -> Self {
        Self { msg, data }
    }
}

impl<T: Serialize> Responder for Success<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::Ok().json(Envelope {
            code: 200,
            msg: self.msg,
            data: &self.data,
        })
    }
}
