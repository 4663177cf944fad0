//! The query parameters of a path below `/admin`.

use actix_web::HttpRequest;
use utoipa::openapi::RefOr;
use utoipa::openapi::path::{Parameter, ParameterIn};

use super::Parameters;
use crate::http::endpoint::Endpoint;
use crate::http::replies::ApiError;

/// The longest part of an unknown name that is shown to the caller, characters.
const SHOWN: usize = 32;

/// The query parameters of an `/admin` path, as its operations describe them.
pub(crate) struct KnownParameters(Vec<String>);

impl KnownParameters {
    pub(crate) fn of(endpoints: &[&Endpoint]) -> Self {
        let operations = endpoints.iter().map(|endpoint| (endpoint.operation)());
        let described = operations.filter_map(|operation| operation.parameters);
        let names = described.flatten().filter_map(|parameter| match parameter {
            RefOr::T(Parameter {
                name,
                parameter_in: ParameterIn::Query,
                ..
            }) => Some(name),
            _ => None,
        });
        Self(names.collect())
    }
}

/// Refuses a parameter that the path does not have, or that is given twice: a misspelt filter must
/// not list everybody.
pub(crate) fn check(request: &HttpRequest) -> Result<(), ApiError> {
    let known = request.app_data::<KnownParameters>();
    let Some(KnownParameters(known)) = known.filter(|_| !request.query_string().is_empty()) else {
        return Ok(());
    };
    let parameters = Parameters::of_query(request);
    let is_unknown = |name: &&str| known.iter().all(|known| known != name);
    if let Some(unknown) = parameters.names().find(is_unknown) {
        let shown: String = unknown
            .chars()
            .filter(|character| !character.is_control())
            .take(SHOWN)
            .collect();
        let names = if known.is_empty() {
            String::from("此接口没有查询参数")
        } else {
            format!("可用的有 {}", known.join("、"))
        };
        return Err(ApiError::invalid(format!(
            "未知的查询参数 {shown}，{names}"
        )));
    }
    match known.iter().find(|name| parameters.is_repeated(name)) {
        Some(name) => Err(ApiError::invalid(format!("参数 {name} 只能出现一次"))),
        None => Ok(()),
    }
}

/// Refuses filters that are all empty: they would list everybody.
pub(crate) fn check_filters(parameters: &Parameters, filters: &[&str]) -> Result<(), ApiError> {
    let given = |name: &&&str| parameters.names().any(|given| given == **name);
    match filters.iter().find(given) {
        Some(name) if filters.iter().all(|name| parameters.get(name).is_none()) => {
            Err(ApiError::invalid(format!("参数 {name} 不能为空")))
        }
        _ => Ok(()),
    }
}
