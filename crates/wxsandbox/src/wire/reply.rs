//! What goes back over the wire, and how the connection ends.

use std::io;
use std::time::Duration;

use actix_web::body::SizedStream;
use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use futures_util::{StreamExt, stream};
use serde::Serialize;
use socket2::Socket;

use super::{Answer, Call};
use crate::errors::WxError;
use crate::state::World;

/// A connection that hangs is cut after this, so that forgotten ones do not pile up.
const HANG: Duration = Duration::from_mins(10);

pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) content_type: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
    /// 0 for success.
    pub(crate) errcode: i64,
    pub(crate) rid: Option<String>,
    pub(crate) ending: Ending,
}

/// How the answer comes to an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Whole,
    /// The connection closes in the middle of the body.
    HalfBody,
    /// The connection is reset before a byte is sent.
    Reset,
    /// Nothing is ever sent.
    Hang,
}

#[derive(Serialize)]
struct Failure<'a> {
    errcode: i64,
    errmsg: &'a str,
}

impl Reply {
    /// WeChat's usual answer: status 200 either way, and `text/plain` under `/sns/`.
    pub(super) fn of(world: &World, call: &Call<'_>, result: Result<Answer, WxError>) -> Self {
        let (errcode, rid, body) = match result {
            Ok(Answer(body)) => (0, None, body),
            Err(error) => {
                let rid = world.dice.rid(call.now.unix_seconds());
                let body = failure(&error, &error.errmsg(&rid, call.under_sns()));
                (error.code, Some(rid), body)
            }
        };
        let content_type = if call.under_sns() {
            "text/plain"
        } else {
            "application/json; encoding=utf-8"
        };
        Self {
            status: StatusCode::OK,
            content_type: content_type.to_owned(),
            headers: Vec::new(),
            body,
            errcode,
            rid,
            ending: Ending::Whole,
        }
    }

    /// The HTTP status, if one is sent.
    pub(super) fn sent_status(&self) -> Option<u16> {
        let is_sent = matches!(self.ending, Ending::Whole | Ending::HalfBody);
        is_sent.then(|| self.status.as_u16())
    }

    pub(super) async fn send(self, request: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        response.content_type(self.content_type);
        for header in self.headers {
            response.append_header(header);
        }
        match self.ending {
            Ending::Whole => response.body(self.body),
            Ending::HalfBody => response.body(half_of(self.body)),
            Ending::Reset => reset(request),
            Ending::Hang => {
                tokio::time::sleep(HANG).await;
                reset(request)
            }
        }
    }
}

fn failure(error: &WxError, errmsg: &str) -> String {
    let errcode = error.code;
    serde_json::to_string(&Failure { errcode, errmsg }).unwrap_or_default()
}

/// A body that promises its whole length and breaks off in the middle.
fn half_of(body: String) -> SizedStream<impl futures_util::Stream<Item = io::Result<Bytes>>> {
    let length = u64::try_from(body.len()).unwrap_or(u64::MAX);
    let bytes = Bytes::from(body);
    let half = bytes.slice(..bytes.len() / 2);
    let end = stream::once(async {
        // The first half must be on its way before the connection breaks.
        tokio::task::yield_now().await;
        Err(io::ErrorKind::BrokenPipe.into())
    });
    SizedStream::new(
        length,
        Box::pin(stream::once(async { Ok(half) }).chain(end)),
    )
}

/// Closes the connection with RST. The error makes the server drop it; lingering for no time makes
/// the system reset instead of closing in order.
fn reset(request: &HttpRequest) -> HttpResponse {
    let socket = request.conn_data::<Socket>();
    let lingered = socket.map(|socket| socket.set_linger(Some(Duration::ZERO)));
    if let Some(Err(error)) = lingered {
        tracing::warn!(%error, "the connection cannot be reset, so it is closed");
    }
    let broken =
        stream::once(async { Err::<Bytes, _>(io::Error::from(io::ErrorKind::BrokenPipe)) });
    HttpResponse::Ok().body(SizedStream::new(1, Box::pin(broken)))
}
