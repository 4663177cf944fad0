//! Keeps the sandbox to this machine: requests under other hosts' names (DNS rebinding) and those of
//! other sites' pages in the developer's browser are refused, and so are calls to other hosts.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HOST, HeaderMap, ORIGIN};
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse, web};
use serde_json::json;
use url::Url;

use crate::control::Control;
use crate::loopback::{authority, is_loopback, is_loopback_authority};

/// Refuses what does not come from this machine.
pub(crate) async fn keep_to_this_machine(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let allow_remote = request
        .app_data::<web::Data<Control>>()
        .is_some_and(|control| control.world.allow_remote);
    let target = request
        .uri()
        .authority()
        .map(actix_web::http::uri::Authority::as_str);
    if let Some(reason) = objection(request.headers(), target, allow_remote) {
        let refused = HttpResponse::Forbidden().json(json!({ "error": reason }));
        return Ok(request.into_response(refused));
    }
    Ok(next.call(request).await?.map_into_boxed_body())
}

/// Why a request is refused, if it is.
fn objection(
    headers: &HeaderMap,
    target: Option<&str>,
    allow_remote: bool,
) -> Option<&'static str> {
    let hosts: Vec<_> = target
        .into_iter()
        .chain(values(headers, HOST.as_str()))
        .collect();
    if !allow_remote && (hosts.is_empty() || !hosts.iter().all(|host| is_loopback_authority(host)))
    {
        return Some(
            "the sandbox answers only at 127.0.0.1, [::1] or localhost; other hosts need --allow-remote",
        );
    }
    if values(headers, "sec-fetch-site").any(|site| site.eq_ignore_ascii_case("cross-site")) {
        return Some("the request comes from a page of another site");
    }
    let is_near = |origin: &str| {
        Url::parse(origin).is_ok_and(|origin| {
            is_loopback(&origin)
                || allow_remote && hosts.iter().any(|host| names_host(host, &origin))
        })
    };
    let mut origins = values(headers, ORIGIN.as_str());
    (!origins.all(is_near)).then_some("the request comes from a page of another site")
}

/// The values of a header; one that is no text is as a foreign one.
fn values<'a>(headers: &'a HeaderMap, name: &'a str) -> impl Iterator<Item = &'a str> {
    headers
        .get_all(name)
        .map(|value| value.to_str().unwrap_or("?"))
}

fn names_host(text: &str, origin: &Url) -> bool {
    authority(text).is_some_and(|url| url.host() == origin.host())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn is_served(allow_remote: bool, headers: &[(&'static str, &'static str)]) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        objection(&map, None, allow_remote).is_none()
    }

    #[test]
    fn only_loopback_names_are_answered() {
        for host in [
            "127.0.0.1:5001",
            "localhost",
            "LocalHost.:80",
            "[::1]:5001",
            "127.1.2.3",
        ] {
            assert!(is_served(false, &[("host", host)]), "{host}");
        }
        for host in [
            "evil.example",
            "localhost.evil.example",
            "10.0.0.1",
            "0.0.0.0",
            "a@127.0.0.1",
        ] {
            assert!(!is_served(false, &[("host", host)]), "{host}");
            assert!(is_served(true, &[("host", host)]), "{host}");
        }
        assert!(!is_served(false, &[]));
        assert!(!is_served(
            false,
            &[("host", "localhost"), ("host", "evil.example")]
        ));
    }

    #[test]
    fn pages_of_other_sites_are_refused() {
        let host = ("host", "127.0.0.1:5001");
        for allow_remote in [false, true] {
            for (name, value) in [
                ("origin", "https://evil.example"),
                ("origin", "null"),
                ("sec-fetch-site", "cross-site"),
            ] {
                assert!(!is_served(allow_remote, &[host, (name, value)]), "{value}");
            }
            for (name, value) in [
                ("origin", "http://127.0.0.1:5001"),
                ("sec-fetch-site", "same-origin"),
                ("sec-fetch-site", "none"),
            ] {
                assert!(is_served(allow_remote, &[host, (name, value)]), "{value}");
            }
        }
    }
}
