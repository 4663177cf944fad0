//! Which query parameters a path below `/admin` has.

use actix_web::HttpRequest;

use super::parameters::Parameters;
use crate::http::replies::error::ApiError;

/// The longest part of an unknown name that is shown to the caller, characters.
const SHOWN: usize = 32;

/// The parameters of a path. A path that is not named here has none.
fn known(pattern: &str) -> &'static [&'static str] {
    match pattern {
        "/admin/users" => &["openId", "unionId", "phone", "cursor", "limit"],
        "/admin/audit" => &["userId", "action", "cursor", "limit"],
        "/admin/push" => &["state", "cursor", "limit"],
        "/admin/merges" | "/admin/bans" => &["cursor", "limit"],
        _ => &[],
    }
}

/// Refuses a parameter that the path does not have, or that is given twice: a misspelt filter must
/// not list everybody.
pub(crate) fn check(request: &HttpRequest) -> Result<(), ApiError> {
    if request.query_string().is_empty() || !request.path().starts_with("/admin/") {
        return Ok(());
    }
    let known = known(&request.match_pattern().unwrap_or_default());
    let parameters = Parameters::of_query(request);
    if let Some(unknown) = parameters.names().find(|name| !known.contains(name)) {
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
