//! In sandbox mode anyone can log in, so only this machine is served: neither under other hosts'
//! names (DNS rebinding) nor for pages of other sites in the developer's browser.

use std::sync::Arc;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{RequestHead, ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, AsHeaderName, HeaderMap, HeaderValue};
use actix_web::http::uri::Authority;
use actix_web::middleware::Next;
use actix_web::{Error, web};
use url::Url;
use wxsandbox::{is_loopback, is_loopback_authority};

use crate::http::replies::{ApiError, ErrorCode};
use crate::settings::{CorsOrigin, Settings};

#[derive(Clone, Debug)]
pub(crate) struct SandboxGuard {
    /// Whether requests under other hosts' names are served.
    allow_remote: bool,
    /// The origins that `server.cors_allowed_origins` names.
    origins: Arc<[String]>,
    page: Option<u16>,
}

impl SandboxGuard {
    /// `None` outside of sandbox mode.
    pub(crate) fn of(settings: &Settings) -> Option<Self> {
        let origins = settings.server.cors_allowed_origins.iter();
        settings.apps.is_empty().then(|| Self {
            allow_remote: settings.sandbox.allow_remote,
            origins: origins
                .filter_map(|origin| match origin {
                    CorsOrigin::Exactly(origin) => Some(origin.clone()),
                    CorsOrigin::Any => None,
                })
                .collect(),
            page: None,
        })
    }

    /// With the page of the sandbox that listens on this port.
    pub(crate) const fn with_page(mut self, port: Option<u16>) -> Self {
        self.page = port;
        self
    }

    /// Whether the request is of the sandbox's page: of the host that is asked, at the sandbox's port.
    pub(crate) fn is_of_page(&self, origin: &HeaderValue, request: &RequestHead) -> bool {
        let url = origin.to_str().ok().and_then(|text| Url::parse(text).ok());
        url.is_some_and(|url| {
            url.scheme() == "http"
                && url.port_or_known_default() == self.page
                && is_of_host_asked(&url, request.headers())
        })
    }

    /// Why a request is not served, if it is not.
    pub(crate) fn objection(&self, request: &ServiceRequest) -> Option<&'static str> {
        let headers = request.headers();
        let in_line = request.uri().authority();
        if !self.allow_remote && !is_for_this_machine(in_line, headers) {
            return Some("Host 必须是 127.0.0.1、[::1] 或 localhost");
        }
        let mut origins = texts(headers, header::ORIGIN);
        if origins.clone().next().is_some() && origins.clone().all(|origin| self.is_named(origin)) {
            return None;
        }
        let mut sites = texts(headers, "sec-fetch-site");
        if sites.any(|site| site.eq_ignore_ascii_case("cross-site")) {
            return Some(
                "请求来自其他网站的页面；网页与服务请使用同一个主机名（127.0.0.1 或 localhost）",
            );
        }
        origins
            .any(|origin| !self.is_near(origin, headers))
            .then_some("请求来自其他网站的页面（Origin）")
    }

    fn is_named(&self, origin: &str) -> bool {
        self.origins.iter().any(|named| named == origin)
    }

    /// A page of this machine, or, where other hosts are served, of the host that is asked.
    fn is_near(&self, origin: &str, headers: &HeaderMap) -> bool {
        let Ok(origin) = Url::parse(origin) else {
            return false;
        };
        is_loopback(&origin) || self.allow_remote && is_of_host_asked(&origin, headers)
    }
}

/// Whether a page at `url` is of the host that the request names.
fn is_of_host_asked(url: &Url, headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST);
    let host = host.and_then(|host| host.to_str().ok()?.parse::<Authority>().ok());
    host.is_some_and(|host| url.host_str() == Some(host.host()))
}

/// Every name under which the machine is asked is one of its loopback interface.
fn is_for_this_machine(in_line: Option<&Authority>, headers: &HeaderMap) -> bool {
    let mut hosts = texts(headers, header::HOST).peekable();
    let is_named = in_line.is_some() || hosts.peek().is_some();
    let is_near = |host: &Authority| is_loopback_authority(host.as_str());
    is_named && in_line.is_none_or(is_near) && hosts.all(is_loopback_authority)
}

/// The values of a header; one that is no text is as a foreign one.
fn texts(headers: &HeaderMap, name: impl AsHeaderName) -> impl Iterator<Item = &str> + Clone {
    let values: Vec<_> = headers.get_all(name).collect();
    values
        .into_iter()
        .map(|value| value.to_str().unwrap_or("?"))
}

/// Middleware: refuses what the guard objects to.
pub(crate) async fn keep(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let guard = request.app_data::<web::Data<SandboxGuard>>();
    if let Some(objection) = guard.and_then(|guard| guard.objection(&request)) {
        let error = ApiError::new(ErrorCode::Forbidden);
        return Ok(request.error_response(error.saying(format!("沙箱模式只服务本机：{objection}"))));
    }
    Ok(next.call(request).await?.map_into_boxed_body())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn serves(allow_remote: bool, headers: &[(&str, &str)]) -> bool {
        let guard = SandboxGuard {
            allow_remote,
            origins: Arc::from([String::from("https://h5.example.com")]),
            page: Some(5001),
        };
        let request = headers.iter().fold(TestRequest::get(), |request, header| {
            request.append_header(*header)
        });
        guard.objection(&request.to_srv_request()).is_none()
    }

    #[test]
    fn this_machine_is_served_under_its_loopback_names() {
        for host in [
            "127.0.0.1:5000",
            "127.9.9.9",
            "localhost",
            "LOCALHOST:5000",
            "localhost.:1",
            "app.localhost",
            "[::1]:5000",
            "[::ffff:127.0.0.1]",
        ] {
            assert!(serves(false, &[("host", host)]), "{host}");
        }
        for host in [
            "evil.example",
            "evil.example:5000",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "notlocalhost",
            "192.168.0.2",
            "0.0.0.0:5000",
            "[::]",
            "[2001:db8::1]",
            "",
            "evil@127.0.0.1",
            "127.0.0.1/evil",
            "evil.example#127.0.0.1",
        ] {
            assert!(!serves(false, &[("host", host)]), "{host}");
        }
        assert!(!serves(false, &[]));
        let two = [("host", "127.0.0.1"), ("host", "evil.example")];
        assert!(!serves(false, &two));
    }

    #[test]
    fn pages_of_other_sites_are_not_served() {
        let host = ("host", "127.0.0.1:5000");
        for (name, value) in [
            ("origin", "http://127.0.0.1:5001"),
            ("origin", "http://localhost:8080"),
            ("origin", "https://h5.example.com"),
            ("sec-fetch-site", "same-site"),
            ("sec-fetch-site", "same-origin"),
            ("sec-fetch-site", "none"),
            (
                "referer",
                "https://servicewechat.com/wx0123/devtools/page-frame.html",
            ),
        ] {
            assert!(serves(false, &[host, (name, value)]), "{name}: {value}");
        }
        for (name, value) in [
            ("origin", "https://evil.example"),
            ("origin", "http://127.0.0.1.evil.example"),
            ("origin", "null"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "Cross-Site"),
        ] {
            for allow_remote in [false, true] {
                assert!(
                    !serves(allow_remote, &[host, (name, value)]),
                    "{name}: {value}"
                );
            }
        }
    }

    #[test]
    fn only_the_page_of_the_host_that_is_asked_may_read_answers() {
        let is_of_page_at = |page, host: &str, origin: &'static str| {
            let guard = SandboxGuard {
                allow_remote: true,
                origins: Arc::default(),
                page,
            };
            let request = TestRequest::get().insert_header(("host", host));
            let request = request.to_srv_request();
            guard.is_of_page(&HeaderValue::from_static(origin), request.head())
        };
        let is_of_page = |host, origin| is_of_page_at(Some(5001), host, origin);
        assert!(is_of_page("127.0.0.1:5000", "http://127.0.0.1:5001"));
        assert!(is_of_page("localhost:5000", "http://localhost:5001"));
        assert!(is_of_page("[::1]:5000", "http://[::1]:5001"));
        assert!(is_of_page("dev.example:5000", "http://dev.example:5001"));
        for origin in [
            "http://127.0.0.1:8080",
            "http://localhost:5001",
            "https://127.0.0.1:5001",
            "http://127.0.0.1",
            "null",
        ] {
            assert!(!is_of_page("127.0.0.1:5000", origin), "{origin}");
        }
        // Browsers leave the port 80 out.
        let (host, origin) = ("127.0.0.1:5000", "http://127.0.0.1");
        assert!(is_of_page_at(Some(80), host, origin));
        assert!(!is_of_page_at(None, host, origin));
    }

    #[test]
    fn with_allow_remote_any_name_is_served_and_pages_of_that_name() {
        let host = ("host", "wxlogin-sandbox:5000");
        assert!(serves(true, &[host]));
        assert!(serves(
            true,
            &[host, ("origin", "http://wxlogin-sandbox:8080")]
        ));
        assert!(!serves(true, &[host, ("origin", "http://other:8080")]));
    }
}
