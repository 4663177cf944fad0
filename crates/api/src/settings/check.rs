//! The requirements on settings beyond their types.

use std::collections::HashSet;

use super::{App, Secret, Settings, SettingsError, secrets};
use crate::relay::WebhookSecret;

/// The shortest Token that WeChat's console takes, characters.
const MIN_PUSH_TOKEN: usize = 3;

/// The most worker threads that actix-web starts.
const MAX_WORKERS: u32 = 512;

/// Refuses settings that cannot work, by name.
pub(super) fn check(settings: &Settings) -> Result<(), SettingsError> {
    positive_numbers(settings)?;
    texts(settings)?;
    secrets::check_api_keys(&settings.admin.api_keys)?;
    apps(settings)
}

/// Names the first setting that is wrong.
fn refuse<const N: usize>(settings: [(bool, &str, &str); N]) -> Result<(), SettingsError> {
    let wrong = settings.into_iter().find(|(is_wrong, ..)| *is_wrong);
    wrong.map_or(Ok(()), |(_, name, problem)| {
        Err(SettingsError::invalid(name, problem))
    })
}

fn positive_numbers(settings: &Settings) -> Result<(), SettingsError> {
    macro_rules! positive {
        ($($section:ident.$setting:ident,)+) => {
            refuse([$((
                settings.$section.$setting == 0,
                concat!(stringify!($section), ".", stringify!($setting)),
                "must be at least 1",
            )),+])
        };
    }
    let workers = settings.server.workers.unwrap_or(1);
    refuse([
        (workers == 0, "server.workers", "must be at least 1"),
        (
            workers > MAX_WORKERS,
            "server.workers",
            "must be at most 512",
        ),
    ])?;
    positive![
        server.max_body_bytes,
        database.pool_size,
        database.acquire_timeout_ms,
        database.timeout_ms,
        wechat.connect_timeout_ms,
        wechat.timeout_ms,
        wechat.max_concurrency,
        tokens.access_ttl_s,
        tokens.refresh_ttl_s,
        limits.max_inflight,
        avatars.max_bytes,
    ]
}

fn texts(settings: &Settings) -> Result<(), SettingsError> {
    let begins = |text: &str, kinds: &[&str]| kinds.iter().any(|kind| text.starts_with(kind));
    let is_blank = |text: &String| text.trim().is_empty();
    let avatars = settings.avatars.url.as_str();
    refuse([
        (
            settings.database.kind().is_none(),
            "database.url",
            "must begin with sqlite:// or postgres://",
        ),
        (
            is_blank(&settings.tokens.issuer),
            "tokens.issuer",
            "must not be empty",
        ),
        (
            settings.tokens.audience.iter().any(is_blank),
            "tokens.audience",
            "must not hold an empty name",
        ),
        (
            !begins(avatars, &["file://", "s3://"])
                || begins(avatars, &["s3:///"])
                || avatars.ends_with("://"),
            "avatars.url",
            "expected file://FOLDER or s3://BUCKET/PREFIX",
        ),
    ])
}

fn apps(settings: &Settings) -> Result<(), SettingsError> {
    refuse([(
        settings.apps.is_empty() && settings.wechat.base_url.is_some(),
        "wechat.base_url",
        "is set, but no app is; give `apps` (or WXLOGIN_APP_ID and WXLOGIN_APP_SECRET) too",
    )])?;
    let mut seen = HashSet::new();
    for (index, app) in settings.apps.iter().enumerate() {
        let problem = if let Some(problem) = secrets::problem(&app.app_id) {
            Some(("app_id", problem))
        } else if let Some(problem) = app_secret_problem(app) {
            Some(problem)
        } else if !seen.insert(&app.app_id) {
            Some(("app_id", "is the id of an app further up"))
        } else if app.open_platform.as_deref().is_some_and(is_padded) {
            Some((
                "open_platform",
                "is empty or has white space around it; apps with the same text share their users",
            ))
        } else {
            push_problem(app, settings.wechat.cloud_hosting)
        };
        if let Some((field, problem)) = problem {
            return Err(SettingsError::invalid(
                format!("apps[{index}].{field}"),
                problem,
            ));
        }
    }
    Ok(())
}

fn app_secret_problem(app: &App) -> Option<(&'static str, &'static str)> {
    if app.secrets.is_empty() {
        return secrets::problem(app.secret.expose()).map(|problem| ("secret", problem));
    }
    let problem = if !app.secret.expose().is_empty() {
        Some("stands beside secret; give one of the two settings")
    } else if app.secrets.len() > 2 {
        Some("has more than two: the one WeChat takes, and the one before or after a reset")
    } else {
        let mut texts = app.secrets.iter().map(Secret::expose);
        texts.find_map(secrets::problem)
    };
    problem.map(|problem| ("secrets", problem))
}

fn is_padded(text: &str) -> bool {
    text.is_empty() || text.trim() != text
}

fn push_problem(app: &App, is_cloud_hosted: bool) -> Option<(&'static str, &'static str)> {
    if !app.push_relay.is_empty() && app.push_token.is_none() && !is_cloud_hosted {
        let problem = "needs push_token, without which the service takes no message of WeChat's";
        return Some(("push_relay", problem));
    }
    token_problem(app)
        .or_else(|| relay_problem(app))
        .or_else(|| aes_key_problem(app))
}

fn token_problem(app: &App) -> Option<(&'static str, &'static str)> {
    let token = app.push_token.as_ref()?.expose();
    if let Some(problem) = secrets::problem(token) {
        return Some(("push_token", problem));
    }
    (token.len() < MIN_PUSH_TOKEN).then_some((
        "push_token",
        "expected the Token of WeChat's console, at least 3 letters and digits",
    ))
}

fn relay_problem(app: &App) -> Option<(&'static str, &'static str)> {
    app.push_relay.iter().find_map(|rule| {
        let is_pattern = |event: &String| {
            let name = event.strip_suffix('*').unwrap_or(event);
            !event.is_empty() && !name.contains('*')
        };
        if rule.events.is_empty() || !rule.events.iter().all(is_pattern) {
            return Some((
                "push_relay.events",
                "expected names of events, such as xpay_*, with * at the end only",
            ));
        }
        WebhookSecret::parse(rule.secret.expose()).is_none().then_some((
            "push_relay.secret",
            "expected whsec_ and the base64 of 16 bytes or more; take for example the output of `openssl rand -base64 32`",
        ))
    })
}

fn aes_key_problem(app: &App) -> Option<(&'static str, &'static str)> {
    let aes_key = app.push_aes_key.as_ref()?.expose();
    if app.push_token.is_none() {
        return Some(("push_token", "is missing beside push_aes_key"));
    }
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/';
    let is_key = aes_key.len() == 43 && aes_key.bytes().all(is_base64);
    (!is_key).then_some((
        "push_aes_key",
        "expected the EncodingAESKey of WeChat's console, 43 letters and digits",
    ))
}

/// Without apps the sandbox replaces WeChat, with public keys: no other machine may
/// reach a service like that by accident.
pub(super) fn sandbox_is_private(settings: &Settings) -> Result<(), SettingsError> {
    let is_open = settings.apps.is_empty() && !settings.sandbox.allow_remote;
    let listeners = [
        ("server.listen", settings.server.listen),
        ("server.ops_listen", settings.server.ops_listen),
        ("sandbox.listen", settings.sandbox.listen),
    ];
    refuse(listeners.map(|(name, listen)| {
        (
            is_open && !listen.0.ip().is_loopback(),
            name,
            "must be a loopback address while no app is configured, because anybody can log in to the \
             sandbox; configure an app, or set sandbox.allow_remote = true",
        )
    }))
}
