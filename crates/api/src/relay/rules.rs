//! Finds the target of a message.

use domain::id::AppId;
use url::Url;

use super::webhook::WebhookSecret;
use crate::settings::App;

/// All rules of all apps, in the order of the settings.
pub(super) struct Rules(Vec<Rule>);

/// One of `apps[].push_relay`.
pub(super) struct Rule {
    app: AppId,
    events: Vec<String>,
    pub(super) url: Url,
    pub(super) secret: WebhookSecret,
}

impl Rules {
    pub(super) fn of(apps: &[App]) -> Self {
        let rules = apps.iter().flat_map(|app| {
            app.push_relay.iter().filter_map(|rule| {
                Some(Rule {
                    app: AppId::new(app.app_id.as_str()),
                    events: rule.events.clone(),
                    url: rule.url.0.clone(),
                    // The settings have been checked.
                    secret: WebhookSecret::parse(rule.secret.expose())?,
                })
            })
        });
        Self(rules.collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn find(&self, app: &AppId, event: &str) -> Option<&Rule> {
        let mut of_app = self.0.iter().filter(|rule| rule.app == *app);
        of_app.find(|rule| rule.events.iter().any(|pattern| is_match(pattern, event)))
    }
}

/// A pattern is a name, or the beginning of one with `*` after it. WeChat spells its events in
/// several cases, so they are compared without.
fn is_match(pattern: &str, event: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(beginning) => event
            .get(..beginning.len())
            .is_some_and(|begins| begins.eq_ignore_ascii_case(beginning)),
        None => event.eq_ignore_ascii_case(pattern),
    }
}

#[cfg(test)]
mod tests {
    use super::is_match;

    #[test]
    fn a_star_at_the_end_stands_for_any_end() {
        for (pattern, event) in [
            ("*", "xpay_goods_deliver_notify"),
            ("*", ""),
            ("xpay_*", "xpay_refund_notify"),
            ("xpay_*", "xpay_"),
            ("msg:*", "msg:text"),
            ("msg:text", "msg:text"),
            ("Subscribe_Msg_Popup_Event", "subscribe_msg_popup_event"),
        ] {
            assert!(is_match(pattern, event), "{pattern} {event}");
        }
        for (pattern, event) in [
            ("xpay_*", "xpay"),
            ("xpay", "xpay_refund_notify"),
            ("msg:text", "msg:image"),
            ("é*", "e"),
        ] {
            assert!(!is_match(pattern, event), "{pattern} {event}");
        }
    }
}
