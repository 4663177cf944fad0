//! WeChat's link to a cloud container, and the container's public address
//! (<https://developers.weixin.qq.com/miniprogram/dev/wxcloudservice/wxcloudrun/src/guide/weixin/open.html>).
//!
//! `/cloud/{appid}/link/{user}/…` is `wx.cloud.callContainer`: the gateway has authenticated the
//! user and says so in `X-WX-*` headers; what the caller put there is taken away.
//! `/cloud/{appid}/public/…` is the public address: forged headers come through, all but
//! `X-WX-SOURCE`.

use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use reqwest::header::{HeaderMap as OutHeaders, HeaderName, HeaderValue};
use secrecy::ExposeSecret;
use serde_json::json;

use crate::config::CloudConfig;
use crate::control::{Control, ControlError};
use crate::outbound;
use crate::phone::{Phone, PhoneError};

const MAX_BODY: usize = 20 << 20;
/// The gateway's headers begin so.
const GATEWAY: &str = "x-wx-";
/// How the caller asks the sandbox for variants; never sent on.
const SANDBOX: &str = "x-sandbox-";

pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config
        .route(
            "/cloud/{appid}/link/{user}/{path:.*}",
            web::route().to(over_the_link),
        )
        .route(
            "/cloud/{appid}/public/{path:.*}",
            web::route().to(in_public),
        );
}

/// Why a container is not reached.
#[derive(Debug, thiserror::Error)]
enum CloudError {
    #[error(transparent)]
    Control(#[from] ControlError),
    #[error(transparent)]
    Phone(#[from] PhoneError),
    #[error(
        "`{0}` has no container; give one with PATCH /sandbox/apps/{0} {{\"cloud\":{{\"target\":…}}}}"
    )]
    NoContainer(String),
    #[error("the container does not answer: {0}")]
    Unreachable(#[from] outbound::OutboundError),
}

/// `X-Sandbox-Source` gives `X-WX-SOURCE` (`none` leaves it out); `X-Sandbox-From-Appid` names the
/// app that borrows the environment.
async fn over_the_link(
    control: web::Data<Control>,
    path: web::Path<(String, String, String)>,
    request: HttpRequest,
    body: web::Payload,
) -> Result<HttpResponse, CloudError> {
    let (app_id, user, path) = path.into_inner();
    let cloud = container(&control, &app_id)?;
    let phone = control.phone(&user, &app_id)?;
    let mut headers = passed_on(request.headers(), |name| !name.starts_with(GATEWAY));
    add(&mut headers, "x-wx-appid", &app_id);
    add(&mut headers, "x-wx-env", &cloud.env);
    add_source(&mut headers, request.headers());
    let token = control.cloud_token(&app_id)?;
    add(
        &mut headers,
        "x-wx-cloudbase-access-token",
        token.expose_secret(),
    );
    match header(request.headers(), "x-sandbox-from-appid") {
        None => add_identity(&mut headers, "x-wx-", &phone),
        Some(from) => {
            add(&mut headers, "x-wx-from-appid", from);
            add_identity(&mut headers, "x-wx-from-", &control.phone(&user, from)?);
        }
    }
    forward(&control, &cloud, &path, &request, headers, body).await
}

async fn in_public(
    control: web::Data<Control>,
    path: web::Path<(String, String)>,
    request: HttpRequest,
    body: web::Payload,
) -> Result<HttpResponse, CloudError> {
    let (app_id, path) = path.into_inner();
    let cloud = container(&control, &app_id)?;
    let headers = passed_on(request.headers(), |name| name != "x-wx-source");
    forward(&control, &cloud, &path, &request, headers, body).await
}

fn container(control: &Control, app_id: &str) -> Result<CloudConfig, CloudError> {
    let cloud = control.app(app_id)?.cloud;
    cloud.ok_or_else(|| CloudError::NoContainer(app_id.to_owned()))
}

fn passed_on(from: &HeaderMap, keep: impl Fn(&str) -> bool) -> OutHeaders {
    let mut headers = OutHeaders::new();
    for (name, value) in from {
        let name = name.as_str();
        let hop = matches!(
            name,
            "host" | "connection" | "content-length" | "transfer-encoding" | "expect"
        );
        if !hop && !name.starts_with(SANDBOX) && keep(name) {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            add(&mut headers, name, &value);
        }
    }
    headers
}

fn add_source(headers: &mut OutHeaders, asked: &HeaderMap) {
    match header(asked, "x-sandbox-source") {
        Some("none") => {}
        source => add(headers, "x-wx-source", source.unwrap_or("wx_client")),
    }
}

fn add_identity(headers: &mut OutHeaders, prefix: &str, phone: &Phone) {
    add(headers, &format!("{prefix}openid"), phone.openid());
    if let Some(unionid) = phone.unionid() {
        add(headers, &format!("{prefix}unionid"), &unionid);
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn add(headers: &mut OutHeaders, name: &str, value: &str) {
    let name = HeaderName::from_bytes(name.as_bytes());
    if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
        headers.append(name, value);
    }
}

async fn forward(
    control: &Control,
    cloud: &CloudConfig,
    path: &str,
    request: &HttpRequest,
    mut headers: OutHeaders,
    body: web::Payload,
) -> Result<HttpResponse, CloudError> {
    let Ok(Ok(body)) = body.to_bytes_limited(MAX_BODY).await else {
        return Ok(HttpResponse::new(StatusCode::PAYLOAD_TOO_LARGE));
    };
    if let Some(peer) = request.peer_addr() {
        add(&mut headers, "x-forwarded-for", &peer.ip().to_string());
    }
    let query = match request.query_string() {
        "" => String::new(),
        query => format!("?{query}"),
    };
    let url = format!("{}/{path}{query}", cloud.target.trim_end_matches('/'));
    let method = reqwest::Method::from_bytes(request.method().as_str().as_bytes());
    let request = outbound::client()?
        .request(method.unwrap_or_default(), url)
        .headers(headers)
        .body(body);
    let response = outbound::send(control.world.allow_remote, request).await?;
    let status = StatusCode::from_u16(response.status().as_u16());
    let mut answer = HttpResponse::build(status.unwrap_or(StatusCode::BAD_GATEWAY));
    for (name, value) in response.headers() {
        if !matches!(
            name.as_str(),
            "connection" | "content-length" | "transfer-encoding"
        ) {
            answer.append_header((name.as_str(), value.as_bytes()));
        }
    }
    Ok(answer.body(response.bytes().await.map_err(outbound::refused)?))
}

impl ResponseError for CloudError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Control(error) => error.status_code(),
            Self::Phone(error) => error.status_code(),
            Self::NoContainer(_) => StatusCode::CONFLICT,
            Self::Unreachable(_) => StatusCode::BAD_GATEWAY,
        }
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::build(self.status_code()).json(json!({"error": self.to_string()}))
    }
}
