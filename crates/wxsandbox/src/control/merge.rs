//! PATCH: fields of a JSON object laid over those of a value.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::ControlError;

/// `value` with the fields of `patch` in place of its own; objects are merged in depth.
pub(super) fn merged<T: Serialize + DeserializeOwned>(
    value: &T,
    patch: Value,
) -> Result<T, ControlError> {
    let refused = |error: serde_json::Error| ControlError::Patch(error.to_string());
    let mut whole = serde_json::to_value(value).map_err(refused)?;
    lay_over(&mut whole, patch);
    serde_json::from_value(whole).map_err(refused)
}

fn lay_over(below: &mut Value, above: Value) {
    match (below, above) {
        (Value::Object(below), Value::Object(above)) => {
            for (name, value) in above {
                lay_over(below.entry(name).or_insert(Value::Null), value);
            }
        }
        (below, above) => *below = above,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::config::UserConfig;

    #[test]
    fn a_patch_changes_what_it_names_and_nothing_else() {
        let user = UserConfig::new("alice");
        let patch = json!({"high_risk": true, "profile": {"city": "Ghent"}});
        let patched = merged(&user, patch).unwrap();
        assert!(patched.high_risk);
        assert_eq!(patched.profile.city, "Ghent");
        assert_eq!(patched.profile.nick_name, "alice");
    }

    #[test]
    fn a_patch_with_an_unknown_field_is_refused() {
        let patched = merged(&UserConfig::new("alice"), json!({"hight": 1}));
        assert!(matches!(patched, Err(ControlError::Patch(_))));
    }
}
