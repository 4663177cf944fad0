//! Registers the endpoints with the router.

use std::future::ready;

use actix_web::guard::{GuardContext, fn_guard};
use actix_web::http::Method;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpResponse, Resource};
use utoipa::openapi::path::HttpMethod;

use super::endpoint::Endpoint;
use super::endpoints::auth::{is_for_gateways, is_preflight};
use super::endpoints::{FOR_KEYS, OPEN};
use super::extractors::admin_query::KnownParameters;
use super::middleware::names::BELOW;
use super::replies::{ApiError, ErrorCode};

/// Adds every endpoint. Without any API key there is nothing at the paths of those that need one.
pub(super) fn configure(routes: &mut ServiceConfig, has_keys: bool) {
    let for_keys = if has_keys { FOR_KEYS } else { &[] };
    let endpoints = OPEN.iter().chain(for_keys).copied().flatten();
    let mut by_path: Vec<(String, Vec<&Endpoint>)> = Vec::new();
    for endpoint in endpoints {
        let path = (endpoint.path)();
        if is_for_gateways(&path) {
            by_path.push((format!("{path}{BELOW}"), vec![endpoint]));
        }
        match by_path.iter_mut().find(|(known, _)| *known == path) {
            Some((_, endpoints)) => endpoints.push(endpoint),
            None => by_path.push((path, vec![endpoint])),
        }
    }
    // Last, because a path with a parameter costs every request that comes to it a search.
    by_path.sort_by_key(|(path, _)| path.contains('{'));
    for (path, endpoints) in by_path {
        routes.service(resource(&path, &endpoints));
    }
    let not_found = || ready(Err::<String, _>(ApiError::new(ErrorCode::NotFound)));
    routes.default_service(web::route().to(not_found));
}

fn resource(path: &str, endpoints: &[&Endpoint]) -> Resource {
    let mut resource = web::resource(path);
    if path.starts_with("/admin/") {
        resource = resource.app_data(KnownParameters::of(endpoints));
    }
    let mut allow = Vec::new();
    for endpoint in endpoints {
        for method in (endpoint.methods)().iter().map(method) {
            allow.push(method.to_string());
            resource = resource.route((endpoint.route)().method(method));
        }
        if is_for_gateways(path) {
            let is_preflight = |context: &GuardContext<'_>| {
                is_preflight(&context.head().method, context.head().headers())
            };
            let preflight = web::route().guard(fn_guard(is_preflight));
            return resource
                .route(preflight.to(HttpResponse::NoContent))
                .route((endpoint.route)());
        }
    }
    let allow = allow.join(", ");
    let refused = move || ready(Err::<String, _>(ApiError::method_not_allowed(&allow)));
    resource.default_service(web::route().to(refused))
}

fn method(method: &HttpMethod) -> Method {
    match method {
        HttpMethod::Get => Method::GET,
        HttpMethod::Post => Method::POST,
        HttpMethod::Put => Method::PUT,
        HttpMethod::Delete => Method::DELETE,
        HttpMethod::Options => Method::OPTIONS,
        HttpMethod::Head => Method::HEAD,
        HttpMethod::Patch => Method::PATCH,
        HttpMethod::Trace => Method::TRACE,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::http::openapi_text;

    #[test]
    fn the_document_has_every_endpoint_and_each_method_of_a_path_has_one() {
        let document: Value = serde_json::from_str(openapi_text()).unwrap();
        let mut count = 0;
        for endpoint in OPEN.iter().chain(FOR_KEYS).copied().flatten() {
            let operation = (endpoint.operation)();
            for method in (endpoint.methods)().iter().map(method) {
                let name = method.as_str().to_lowercase();
                let described = &document["paths"][(endpoint.path)()][&name];
                // An endpoint whose place is taken would be the one that is not described.
                assert_eq!(described["summary"], operation.summary.as_deref().unwrap());
                count += 1;
            }
        }
        let paths = document["paths"].as_object().unwrap().values();
        let described: usize = paths.map(|item| item.as_object().unwrap().len()).sum();
        assert_eq!(described, count);
    }
}
